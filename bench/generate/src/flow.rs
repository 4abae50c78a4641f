//! VPC flow log records in the default format of version 2.

use crate::rng::Rng;
use crate::text::Text;
use crate::world::{Place, World};

/// First line of a file.
pub(crate) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
bytes start end action log-status\n";

/// Ports of services, some more likely than others.
const SERVICE_PORTS: [u16; 24] = [
    443, 443, 443, 443, 443, 443, 80, 80, 5432, 3306, 6379, 53, 53, 123, 22, 9092, 8080, 8443,
    2049, 9200, 27017, 389, 25, 993,
];

/// Ports that the internet's background noise asks for.
const NOISE_PORTS: [u16; 12] = [23, 22, 445, 3389, 80, 8080, 5900, 6379, 2375, 1433, 5555, 8443];

/// One record, without its account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub instance: u64,
    pub src: u32,
    pub dst: u32,
    pub src_port: u16,
    pub dst_port: u16,
    pub protocol: u8,
    pub packets: u64,
    pub bytes: u64,
    pub start: i64,
    pub end: i64,
    pub is_accepted: bool,
}

/// Appends a record of an account, given by its digits.
pub(crate) fn write(out: &mut Text, world: &World, account: u64, flow: &Flow) {
    out.push("2 ").num(account).push(" eni-").hex(world.interface_id(flow.instance), 17);
    out.push(" ").ip(flow.src).push(" ").ip(flow.dst);
    let ports = [flow.src_port, flow.dst_port, flow.protocol.into()].map(u64::from);
    let counts = [flow.packets, flow.bytes, flow.start as u64, flow.end as u64];
    for value in ports.into_iter().chain(counts) {
        out.push(" ").num(value);
    }
    out.push(if flow.is_accepted { " ACCEPT OK\n" } else { " REJECT OK\n" });
}

/// Appends one record of ordinary traffic of an instance of the account.
pub(crate) fn background(out: &mut Text, world: &World, place: Place, rng: &mut Rng) {
    let per_account = world.instances_per_account();
    let instance = rng.zipf(per_account, 0.9) * world.accounts + place.account;
    let account = world.account(place.account);
    let kind = rng.below(1000);
    if kind < 8 {
        no_data(out, world, account, instance, place.time);
        return;
    }
    let local = world.instance_ip(instance);
    let client_port = 32_768 + rng.below(28_000) as u16;
    let port = SERVICE_PORTS[rng.below(24) as usize];
    let packets = (rng.lognormal(2.5, 1.4) as u64).max(1);
    let bytes = packets * (52 + rng.below(1400));
    let mut flow = Flow {
        instance,
        src: local,
        dst: 0,
        src_port: client_port,
        dst_port: port,
        protocol: if port == 53 || port == 123 { 17 } else { 6 },
        packets,
        bytes,
        start: place.time,
        end: place.time + 5 + rng.below(55) as i64,
        is_accepted: true,
    };
    match kind {
        // To the outside, the answer, and within the account.
        8..=409 => flow.dst = world.remote_ip(rng.zipf(world.remotes, 1.0)),
        410..=699 => {
            flow.src = world.remote_ip(rng.zipf(world.remotes, 1.0));
            flow.dst = local;
            (flow.src_port, flow.dst_port) = (port, client_port);
        }
        700..=949 => {
            let peer = rng.zipf(per_account, 0.9) * world.accounts + place.account;
            flow.dst = world.instance_ip(peer);
        }
        _ => noise(&mut flow, world, local, rng),
    }
    write(out, world, account, &flow);
}

/// Makes the flow one of the probes that every public address sees.
fn noise(flow: &mut Flow, world: &World, local: u32, rng: &mut Rng) {
    flow.src = world.remote_ip(rng.below(world.remotes));
    flow.dst = local;
    flow.dst_port = rng.pick(&NOISE_PORTS);
    flow.protocol = 6;
    flow.packets = 1 + rng.below(2);
    flow.bytes = 40 * flow.packets;
    flow.is_accepted = rng.chance(0.03);
}

fn no_data(out: &mut Text, world: &World, account: u64, instance: u64, time: i64) {
    out.push("2 ").num(account).push(" eni-").hex(world.interface_id(instance), 17);
    out.push(" - - - - - - - ").num(time as u64).push(" ").num(time as u64 + 60);
    out.push(" - NODATA\n");
}
