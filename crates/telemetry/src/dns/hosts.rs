//! Local ids of the hosts that ask.

use std::collections::BTreeMap;

use model::{AccountId, Addr, Region};

use crate::flow::intern::{Interner, words};
use crate::{Cause, DnsHost, DnsRows, Hint};

/// Longest instance id that fits into a key, and longest that is kept of any id, in bytes.
pub(super) const KEY_INSTANCE: usize = 24;
const ID_MAX: usize = 255;

/// Words of a key: three of the instance or address, one of the scope.
const KEY_WORDS: usize = 4;

/// What the hosts of one network have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Scope {
    account: AccountId,
    region: Region,
    vpc: Box<str>,
}

/// The hosts of a block, and what the object's key says where records do not.
pub(super) struct Hosts {
    ids: Interner<KEY_WORDS>,
    scopes: BTreeMap<Scope, u32>,
    /// The keys of `scopes`, by number.
    list: Vec<Scope>,
    account: AccountId,
    region: Region,
}

impl Hosts {
    pub(super) fn new(hint: &Hint) -> Hosts {
        Hosts {
            ids: Interner::new(),
            scopes: BTreeMap::new(),
            list: Vec::new(),
            account: hint.account,
            region: hint.region,
        }
    }

    /// Prepares for a block. True if another one was gone on with so far: numbers of scopes are void then.
    pub(super) fn attach(&mut self, out: &DnsRows) -> bool {
        let is_new = self.ids.attach(out.hosts.len());
        if is_new {
            self.scopes.clear();
            self.list.clear();
        }
        is_new
    }

    /// The number of a network.
    pub(super) fn scope(
        &mut self,
        account: &[u8],
        region: &[u8],
        vpc: &[u8],
    ) -> Result<u32, Cause> {
        let account = match account {
            b"" => self.account,
            digits => AccountId::from_digits(digits).ok_or(Cause::InvalidNumber)?,
        };
        let region = match region {
            b"" => self.region,
            name => Region::new(&text(name)),
        };
        let scope = Scope { account, region, vpc: text(vpc) };
        if let Some(number) = self.scopes.get(&scope) {
            return Ok(*number);
        }
        let number = self.list.len() as u32;
        self.list.push(scope.clone());
        self.scopes.insert(scope, number);
        Ok(number)
    }

    /// The id of a host whose instance is at most [`KEY_INSTANCE`] bytes long, given as words.
    #[inline(always)]
    pub(super) fn by_words(
        &mut self,
        scope: u32,
        instance: [u64; 3],
        bytes: &[u8],
        address: Addr,
        out: &mut DnsRows,
    ) -> u32 {
        // The length keeps names with zero bytes apart.
        let kind = u64::from(scope) | (bytes.len() as u64) << 32;
        let key = [instance[0], instance[1], instance[2], kind];
        match self.ids.get(&key) {
            Some(id) => id,
            None => self.add(key, scope, bytes, address, out),
        }
    }

    /// The id of any host: by its instance, else by its address.
    pub(super) fn find_or_add(
        &mut self,
        scope: u32,
        instance: &[u8],
        address: Addr,
        out: &mut DnsRows,
    ) -> u32 {
        if instance.is_empty() {
            let bits = address.bits();
            let kind = u64::from(scope) | 1 << 63;
            let key = [bits as u64, (bits >> 64) as u64, 0, kind];
            return match self.ids.get(&key) {
                Some(id) => id,
                None => self.add(key, scope, instance, address, out),
            };
        }
        if instance.len() <= KEY_INSTANCE {
            return self.by_words(scope, words(instance), instance, address, out);
        }
        let name = [&scope.to_le_bytes(), instance].concat();
        self.ids.get_long(&name).unwrap_or_else(|| {
            out.hosts.push(self.host(scope, instance, address));
            self.ids.add_long(&name)
        })
    }

    #[inline(never)]
    fn add(
        &mut self,
        key: [u64; KEY_WORDS],
        scope: u32,
        instance: &[u8],
        address: Addr,
        out: &mut DnsRows,
    ) -> u32 {
        out.hosts.push(self.host(scope, instance, address));
        self.ids.add(key)
    }

    fn host(&self, scope: u32, instance: &[u8], address: Addr) -> DnsHost {
        let instance = text(instance);
        match self.list.get(scope as usize) {
            Some(Scope { account, region, vpc }) => {
                DnsHost { account: *account, region: *region, vpc: vpc.clone(), instance, address }
            }
            None => DnsHost { instance, address, ..DnsHost::default() },
        }
    }
}

fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(ID_MAX)]).into()
}
