//! Domains below which long, ever new names are ordinary.

/// Services that are asked by putting an address or a hash into a name: block lists of mail servers,
/// reputation of files and addresses, registries of networks. The names are facts, own selection.
const LOOK_UP_SERVICES: [&str; 44] = [
    "abuse.ch",
    "abuseat.org",
    "alienvault.com",
    "avast.com",
    "avira-update.com",
    "barracudacentral.org",
    "bitdefender.net",
    "blocklist.de",
    "brightcloud.com",
    "cloudmark.com",
    "cymru.com",
    "digitaleu.com",
    "dnsbl.info",
    "dnswl.org",
    "e5.sk",
    "emailbasura.org",
    "eset.com",
    "f-secure.com",
    "forcepoint.com",
    "gbudb.net",
    "invaluement.com",
    "kaspersky-labs.com",
    "mailspike.net",
    "manitu.net",
    "mcafee.com",
    "njabl.org",
    "nszones.com",
    "pandasecurity.com",
    "psbl.org",
    "rspamd.com",
    "senderbase.org",
    "senderscore.com",
    "shadowserver.org",
    "sophosxl.net",
    "sorbs.net",
    "spamcop.net",
    "spameatingmonkey.net",
    "spamhaus.net",
    "spamhaus.org",
    "surbl.org",
    "trendmicro.com",
    "uceprotect.net",
    "uribl.com",
    "webrootcloudav.com",
];

/// Endings of names that no foreign name server answers for.
const INWARD: [&str; 5] = [".arpa", ".internal", ".local", ".localdomain", ".lan"];

/// Whether names below the domain are questions about an address, a file or a message.
pub(crate) fn is_look_up_service(domain: &str) -> bool {
    LOOK_UP_SERVICES.binary_search(&domain).is_ok()
}

/// Whether the name is one of a network's own, or a reversed address.
pub(crate) fn is_inward(name: &str) -> bool {
    INWARD.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_in_order_and_found() {
        assert!(LOOK_UP_SERVICES.is_sorted());
        assert!(is_look_up_service("spamhaus.org") && !is_look_up_service("example.com"));
    }

    #[test]
    fn own_and_reversed_names_are_inward() {
        assert!(is_inward("1.0.0.127.in-addr.arpa") && is_inward("a.svc.cluster.local"));
        assert!(!is_inward("local.example.com"));
    }
}
