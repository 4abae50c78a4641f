//! An instance that is no mail server sends mail to many servers.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Addr, Scope, Severity, Timestamp};
use engine::stats::{WindowCount, WindowDistinct};
use engine::{
    Connection, Connections, Context, Detector, Ends, Event, Interest, Out, Outcome, Spec,
};
use serde::{Deserialize, Serialize};

/// A spam bot.
pub const SPAMBOT: FindingType = FindingType {
    name: "Backdoor:EC2/Spambot",
    severity: Severity::MEDIUM,
    title: "An EC2 instance that is no mail server sends mail",
    about: "The instance connects to mail servers on the Internet, port 25, and nothing said before that it \
        is a mail server: it had no such traffic, takes no mail itself and has no name of one. Bots send \
        spam straight to the servers of its receivers.",
    detection: "Within an hour the instance tries port 25 of at least `destinations` public addresses, or \
        makes `connections` connections to two or more. Addresses of AWS services, such as those of SES, \
        do not count, nor do the ports 465 and 587, over which mail is handed to one's own provider. \
        Quiet: an instance whose first contact with port 25 is more than 18 hours ago (remembered for two \
        weeks), one that answers mail clients itself (ports 25, 465, 587, 2525), as the interface of a NAT \
        gateway does for the hosts behind it, and one with a tag whose value names a mail server. An interface that has been seen for less than `learning_hours` may \
        have sent mail before: there `learning_destinations` are needed.",
    false_positives: "A new mail server is reported on its first day, and one that only sends, to many \
        servers, when its logs are read for the first time. Tag it as what it is (`mail`, `smtp`, `mta`, \
        `postfix`, `exim` or `sendmail` in the value of `Name`, `Role`, `Service` or `Application`).",
    response: "Ask the owner whether the instance is meant to send mail. If not, it is compromised: isolate \
        it, find the process behind port 25 and the way it came in. Check the reputation of its address, \
        and have mail go through a relay or SES only.",
    techniques: &["T1496", "T1566"],
    data: &[Data::VpcFlow],
    aggregation: "instance; the remote address is that of the latest occurrence",
    is_own: false,
};

const SMTP: u16 = 25;
/// Where a mail server takes mail.
const MAIL_PORTS: [u16; 4] = [25, 465, 587, 2525];
const TCP: u8 = 6;
/// A dialogue with a mail server takes more packets from the client than a probe of the port does.
const DIALOGUE_PACKETS: u32 = 6;
/// How long port 25 is new to an instance. Less than a day, so that what runs daily is known the next day.
const NEW_SECS: u32 = 18 * 3600;
/// How long it is remembered that an instance sends or takes mail.
const MEMORY_SECS: u32 = 14 * 86_400;
/// Fewest destinations of many connections: one is a relay.
const FEW: u64 = 2;
const BUCKETS: usize = 6;
const WINDOW_SECS: u32 = 3600;
const EVIDENCE_MAX: usize = 7;
/// Tags that may say what an instance is, and words that say it.
const ROLE_TAGS: [&str; 4] = ["name", "role", "service", "application"];
const ROLE_WORDS: [&str; 6] = ["mail", "smtp", "mta", "postfix", "exim", "sendmail"];

tunables! {
    /// Instances that turn to sending mail.
    pub struct Spambot {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Public mail servers within an hour. Raising it finds fewer bots.
        pub destinations: u64 = 5,
        /// Connections within an hour, to two servers or more. Raising it finds fewer bots.
        pub connections: u64 = 20,
        /// Hours that an interface must have been seen without mail before `destinations` and `connections`
        /// hold. Raising it trusts more instances at first.
        pub learning_hours: u32 = 24,
        /// Public mail servers within an hour during these first hours.
        pub learning_destinations: u64 = 30,
    }
}

/// What is remembered of one interface.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Second of the first and the latest try of a foreign port 25.
    first_sent: u32,
    last_sent: u32,
    /// Second of the latest mail client that was answered.
    last_taken: u32,
    /// The first hours were over when it began: it stays a bot.
    is_bot: bool,
    /// Second of the latest alert.
    alerted: u32,
    sent: Option<Box<Sent>>,
}

/// What was sent lately.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Sent {
    destinations: WindowDistinct<BUCKETS>,
    connections: WindowCount<BUCKETS>,
    evidence: Vec<EvidenceRef>,
}

impl Detector for Spambot {
    type Reads = Connections;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/spambot",
        scope: Scope::Interface,
        idle: Duration::from_hours(14 * 24),
        version: 1,
        types: &[&SPAMBOT],
        interest: Interest::Service(&MAIL_PORTS),
    };

    fn wants(&self, event: &Event<'_, Connections>) -> bool {
        let connection = event.row;
        let is_mail = if connection.is_outbound {
            connection.remote_port == SMTP && !connection.is_update
        } else {
            MAIL_PORTS.contains(&connection.local_port)
        };
        is_mail && connection.protocol == TCP && self.enabled
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let connection = event.row;
        let now = connection.decided;
        if !connection.is_outbound {
            if connection.outcome == Outcome::Answered
                && connection.packets_forward() >= DIALOGUE_PACKETS
            {
                state.last_taken = state.last_taken.max(now);
            }
            return;
        }
        if !connection.remote.is_public() || is_left_out(ctx, connection.remote) {
            return;
        }
        state.sent(now);
        if state.is_mail_server(now) {
            state.sent = None;
            return;
        }
        let is_learning = now < first_seen(ctx).saturating_add(self.learning_hours * 3600);
        let Some(count) = state.count(connection, event.evidence(), self, is_learning) else {
            return;
        };
        if has_mail_role(ctx, event.time()) {
            return;
        }
        state.alerted = now;
        state.is_bot |= !is_learning;
        out.raise(draft(state, &count, connection, event.time(), ctx));
    }
}

/// What met which thresholds.
struct Count {
    destinations: (u64, &'static str),
    connections: u64,
}

impl State {
    /// Notes that mail is sent.
    fn sent(&mut self, now: u32) {
        if self.first_sent == 0 || now.saturating_sub(self.last_sent) > MEMORY_SECS {
            *self = State { first_sent: now, last_taken: self.last_taken, ..State::default() };
        }
        self.last_sent = self.last_sent.max(now);
    }

    fn is_mail_server(&self, now: u32) -> bool {
        let takes = self.last_taken != 0 && now.saturating_sub(self.last_taken) < MEMORY_SECS;
        takes || (!self.is_bot && now.saturating_sub(self.first_sent) > NEW_SECS)
    }

    /// Counts a try, and gives the counts if they are too many and that was not said within the hour.
    fn count(
        &mut self,
        connection: &Connection,
        evidence: EvidenceRef,
        settings: &Spambot,
        is_learning: bool,
    ) -> Option<Count> {
        let (now, width) = (connection.decided, WINDOW_SECS.div_ceil(BUCKETS as u32));
        let sent = self.sent.get_or_insert_default();
        sent.destinations.insert(now, connection.remote.key(), width);
        sent.connections.add(now, 1, width);
        if sent.evidence.len() < EVIDENCE_MAX {
            sent.evidence.push(evidence);
        }
        if self.alerted != 0 && now < self.alerted.saturating_add(WINDOW_SECS) {
            return None;
        }
        let destinations = sent.destinations.count(now);
        let connections = sent.connections.total(now);
        let is_met = if is_learning {
            destinations >= settings.learning_destinations
        } else {
            destinations >= settings.destinations
                || (connections >= settings.connections && destinations >= FEW)
        };
        let setting = if is_learning { "learning_destinations" } else { "destinations" };
        is_met.then_some(Count { destinations: (destinations, setting), connections })
    }
}

fn draft(
    state: &mut State,
    count: &Count,
    connection: &Connection,
    time: Timestamp,
    ctx: &Context<'_>,
) -> Draft {
    let mut draft = ctx.instance_draft(&SPAMBOT, time);
    let instance = draft.key.clone();
    draft.role = ResourceRole::Actor;
    draft.title =
        format!("Unusual outbound communication on port 25 from EC2 instance {instance}.");
    draft.description = format!(
        "EC2 instance {instance} is communicating on an unusual port 25 with a remote host. This port is \
         commonly used to send email. {} mail servers were contacted within an hour, the latest is {}.",
        count.destinations.0, connection.remote
    );
    draft.action = ctx.network_action(Ends::from(connection));
    draft.additional.insert("unusual".to_owned(), SMTP.into());
    draft.evidence =
        state.sent.as_mut().map(|it| std::mem::take(&mut it.evidence)).unwrap_or_default();
    draft.first = draft.evidence.iter().map(|it| it.time).fold(time, Timestamp::min);
    draft.reasons = vec![
        Reason::new("mail servers within an hour", count.destinations.0, count.destinations.1),
        Reason::new("connections within an hour", count.connections, "connections"),
    ];
    draft
}

/// Whether mail to the address says nothing: the customer trusts it, or it belongs to an AWS service.
fn is_left_out(ctx: &Context<'_>, remote: Addr) -> bool {
    let verdict = ctx.intel.address(remote);
    let listed = ctx.intel.categories(verdict, ctx.entity.account, ctx.entity.region);
    listed.contains(Category::Trusted) || listed.contains(Category::AwsService)
}

/// Whether the instance's tags call it a mail server.
fn has_mail_role(ctx: &Context<'_>, at: Timestamp) -> bool {
    let id = ctx.instance_id(at);
    let Some(instance) = ctx.inventory.instance(ctx.entity.account, &id, at) else { return false };
    instance.tags.iter().any(|tag| {
        ROLE_TAGS.contains(&tag.key.to_ascii_lowercase().as_str()) && is_mail_word(&tag.value)
    })
}

/// Whether a word of the text names a mail server: `mail-1` and `smtp` do, `mtab` does not.
fn is_mail_word(text: &str) -> bool {
    let words = text.split(|it: char| !it.is_ascii_alphabetic());
    words.map(str::to_ascii_lowercase).any(|it| ROLE_WORDS.contains(&it.as_str()))
}

fn first_seen(ctx: &Context<'_>) -> u32 {
    u32::try_from(ctx.entity.first_seen.secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_since_yesterday_is_a_mail_server_and_a_bot_stays_one() {
        let mut state = State::default();
        state.sent(1000);
        assert!(!state.is_mail_server(1000 + NEW_SECS));
        state.sent(1000 + NEW_SECS + 1);
        assert!(state.is_mail_server(1000 + NEW_SECS + 1));
        state.is_bot = true;
        assert!(!state.is_mail_server(1000 + NEW_SECS + 1));
        // Two silent weeks, and all is new.
        state.sent(1000 + 2 * NEW_SECS + MEMORY_SECS);
        assert!(!state.is_bot && !state.is_mail_server(1000 + 2 * NEW_SECS + MEMORY_SECS));
    }

    #[test]
    fn who_takes_mail_is_a_mail_server() {
        let mut state = State { last_taken: 500, ..State::default() };
        state.sent(1000);
        assert!(state.is_mail_server(1000));
        state.sent(1001 + MEMORY_SECS);
        assert!(!state.is_mail_server(1001 + MEMORY_SECS));
    }

    #[test]
    fn tags_name_mail_servers_by_whole_words() {
        for text in ["mail-1", "prod_smtp_out", "Postfix", "eu-MTA"] {
            assert!(is_mail_word(text), "{text}");
        }
        for text in ["web-1", "mtab", "mailing-list-ui", ""] {
            assert!(!is_mail_word(text), "{text}");
        }
    }
}
