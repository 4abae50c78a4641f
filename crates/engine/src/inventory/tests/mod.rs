//! Tests of the inventory as a whole, through records as CloudTrail writes them.

mod bounds;
mod describe;
mod ec2;
mod lambda;
mod s3;
mod sts;

use model::{AccountId, Addr, Origin, Region, Timestamp, hash64};
use serde_json::Value;
use telemetry::{ApiCall, ApiRows, Caller, Span};

use super::Inventory;

pub(super) const ACCOUNT: AccountId = match AccountId::new(111_122_223_333) {
    Some(account) => account,
    None => AccountId::UNKNOWN,
};

/// A time of the day that all tests play on.
pub(super) fn at(clock: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-01-31T{clock}Z")).unwrap()
}

pub(super) fn ip(text: &str) -> Addr {
    Addr::parse(text).unwrap()
}

/// One record under construction.
pub(super) struct Record {
    pub(super) call: ApiCall,
    pub(super) block: ApiRows,
}

impl Record {
    pub(super) fn new(
        service: &str,
        name: &str,
        clock: &str,
        request: &str,
        response: &str,
    ) -> Record {
        for json in [request, response] {
            assert!(json.is_empty() || serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
        let mut block = ApiRows::default();
        let mut push = |text: &str| Span::push(&mut block.text, text);
        let call = ApiCall {
            time: at(clock),
            event_id_hash: hash64(clock.as_bytes()),
            account: ACCOUNT,
            region: Region::new("us-east-1"),
            caller: Caller::IamUser,
            event_source: push(&format!("{service}.amazonaws.com")),
            event_name: push(name),
            request: push(request),
            response: push(response),
            ..ApiCall::default()
        };
        block.rows.push(call);
        block.origins.push(Origin::default());
        Record { call, block }
    }

    pub(super) fn span(
        mut self,
        set: impl FnOnce(&mut ApiCall) -> &mut Span,
        text: &str,
    ) -> Record {
        *set(&mut self.call) = Span::push(&mut self.block.text, text);
        self
    }

    pub(super) fn with(mut self, set: impl FnOnce(&mut ApiCall)) -> Record {
        set(&mut self.call);
        self
    }

    pub(super) fn teach(&self, inventory: &mut Inventory) {
        inventory.learn(&self.call, &self.block);
    }
}

/// Learns records in the order given and checks that each taught something.
pub(super) fn learnt(records: &[Record]) -> Inventory {
    let mut inventory = Inventory::default();
    for record in records {
        record.teach(&mut inventory);
    }
    let counts = inventory.counts();
    assert_eq!((counts.learnt, counts.unreadable), (records.len() as u64, 0));
    inventory
}

/// Calls `check` with what is learnt from the records in their order and in reverse.
pub(super) fn in_both_orders(mut records: Vec<Record>, check: impl Fn(&Inventory)) {
    check(&learnt(&records));
    records.reverse();
    check(&learnt(&records));
}

pub(super) fn described(name: &str, json: &str) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.add_description(name, json.as_bytes(), Some(ACCOUNT), None).unwrap();
    inventory
}
