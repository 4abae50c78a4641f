//! Tunnels that carry so many bytes and stop, in the manner of known tools.

use super::world::{Ask, Host};

/// How a tool puts data into names.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// Bytes of the payload in one name.
    payload: usize,
    kind: fn(usize) -> &'static str,
    label: fn(&mut Host<'_>, usize) -> String,
}

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "iodine, NULL",
        payload: 100,
        kind: |_| "NULL",
        label: |host, n| {
            let text = host.base32(n * 8 / 5);
            format!("paa{}", dotted(&text, 57))
        },
    },
    Tool {
        name: "iodine, TXT",
        payload: 100,
        kind: |_| "TXT",
        label: |host, n| {
            let text = host.base32(n * 8 / 5);
            format!("paa{}", dotted(&text, 57))
        },
    },
    Tool {
        name: "dnscat2",
        payload: 50,
        kind: |at| ["TXT", "CNAME", "MX"][at % 3],
        label: |host, n| {
            let text = host.hex(n * 2);
            dotted(&text, 60)
        },
    },
    Tool {
        name: "dns2tcp",
        payload: 60,
        kind: |_| "TXT",
        label: |host, n| {
            let text = host.base64(n * 4 / 3);
            format!("{}.=connect", dotted(&text, 60))
        },
    },
    Tool {
        name: "DNSExfiltrator",
        payload: 90,
        kind: |_| "TXT",
        label: |host, n| {
            let (number, text) = (host.rng.below(1000), host.base64(n * 4 / 3));
            format!("{number}.{}", dotted(&text, 63))
        },
    },
    Tool {
        name: "FrameworkPOS",
        payload: 40,
        kind: |_| "A",
        label: |host, n| {
            let (id, text) = (0x5f3c_91ab_u32, host.hex(n * 2));
            format!("{id:08x}.grp.{}", dotted(&text, 62))
        },
    },
    Tool {
        name: "base32 by A, short names",
        payload: 18,
        kind: |_| "A",
        label: |host, n| host.base32(n * 8 / 5),
    },
];

/// Queries a second.
pub(super) const RATES: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Bytes that are carried.
pub(super) const SIZES: [usize; 4] = [512, 1024, 1536, 2048];

fn dotted(text: &str, most: usize) -> String {
    let labels: Vec<&str> =
        text.as_bytes().chunks(most).filter_map(|it| std::str::from_utf8(it).ok()).collect();
    labels.join(".")
}

/// Writes the queries that carry so many bytes from the beginning of the hour on.
pub(super) fn play(host: &mut Host<'_>, tool: &Tool, rate: f64, bytes: usize) {
    let domain = format!("t.{}{}.net", host.word(), host.number);
    for at in 0..bytes.div_ceil(tool.payload) {
        let payload = tool.payload.min(bytes - at * tool.payload);
        let name = format!("{}.{domain}", (tool.label)(host, payload));
        let exists = (tool.kind)(at) != "A" || at % 2 == 0;
        host.ask(at as f64 / rate, Ask { name: &name, kind: (tool.kind)(at), exists });
    }
}
