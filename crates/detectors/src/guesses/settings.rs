//! What the brute-force families share: their settings, the detector, and texts.

/// Declares a brute-force family: the settings, how they become [`Rules`](super::Rules), and the detector.
/// After its name stands that of the file; a constant `SERVICE` says what is guessed at.
macro_rules! guess_family {
    ($(#[doc = $doc:literal])* pub struct $name:ident: $family:literal) => {
        tunables! {
            $(#[doc = $doc])*
            pub struct $name {
                /// Whether the family is on.
                pub enabled: bool = true,
                /// Guesses of one pair of addresses within `window_secs`. Raising it finds fewer and later. The
                /// default is Zeek's.
                pub tries: usize = 30,
                /// Length of that window in seconds. Raising it finds slower guessing. The default is Zeek's.
                pub window_secs: u32 = 1800,
                /// Share of guesses of nearly the same size, in thousandths. Raising it leaves more mixed traffic
                /// out.
                pub flat_per_mille: u32 = 700,
                /// Guesses of one pair within `burst_secs`. Raising it finds fewer fast tools before `tries` does.
                pub burst_tries: usize = 12,
                /// Length of the burst's window in seconds. Raising it finds slower bursts.
                pub burst_secs: u32 = 120,
                /// Share of guesses of nearly the same size in a burst, in thousandths.
                pub burst_flat_per_mille: u32 = 800,
                /// Guesses of new sources together within `wide_window_secs`. Raising it finds fewer botnets.
                pub distributed_tries: u64 = 60,
                /// New sources that take part. Raising it finds fewer botnets.
                pub distributed_sources: u64 = 20,
                /// New hosts that the instance guesses at within `wide_window_secs`. Raising it finds fewer sprays.
                pub spray_destinations: u64 = 20,
                /// Length of the window over many pairs in seconds. Raising it finds slower botnets and sprays.
                pub wide_window_secs: u32 = 3600,
                /// Earlier days with half as many guesses that make a pair's traffic usual. Raising it reports
                /// automation for longer.
                pub known_days: u32 = 3,
                /// New hosts that an instance must guess at before its guesses at known ones count. Raising it
                /// leaves more automation out.
                pub inside_destinations: u64 = 5,
                /// Bytes or seconds of a session over those of a guess. Raising it calls fewer a likely success.
                pub success_factor: u64 = 5,
                /// Length of the window for `tries` in seconds for private pairs that may be older than the logs.
                /// Raising it finds slower guessing on the first day, and calls more automation guessing.
                pub learning_window_secs: u32 = 600,
                /// New private hosts within `wide_window_secs` at which connections of many sizes are guesses, if the
                /// hosts may be older than the logs. Raising it leaves larger fleets out on the first day.
                pub learning_destinations: u64 = 100,
            }
        }

        impl $name {
            fn rules(&self) -> $crate::guesses::Rules {
                $crate::guesses::Rules {
                    tries: self.tries,
                    window_secs: self.window_secs,
                    flat_per_mille: self.flat_per_mille,
                    burst_tries: self.burst_tries,
                    burst_secs: self.burst_secs,
                    burst_flat_per_mille: self.burst_flat_per_mille,
                    distributed_tries: self.distributed_tries,
                    distributed_sources: self.distributed_sources,
                    spray_destinations: self.spray_destinations,
                    wide_window_secs: self.wide_window_secs,
                    known_days: self.known_days,
                    inside_destinations: self.inside_destinations,
                    success_factor: self.success_factor,
                    learning_window_secs: self.learning_window_secs,
                    learning_destinations: self.learning_destinations,
                }
            }
        }

        impl engine::Detector for $name {
            type Reads = engine::Connections;
            type State = $crate::guesses::State;

            const SPEC: engine::Spec = engine::Spec {
                name: $family,
                scope: engine::model::Scope::Interface,
                // Longer than what is remembered of a pair.
                idle: std::time::Duration::from_hours(24 * $crate::guesses::IDLE_DAYS),
                version: $crate::guesses::STATE_VERSION,
                types: &[SERVICE.finding_type],
                interest: engine::Interest::Every,
            };

            fn wants(&self, event: &engine::Event<'_, engine::Connections>) -> bool {
                SERVICE.wants(event.row) && self.enabled
            }

            fn observe(
                &self,
                state: &mut $crate::guesses::State,
                event: &engine::Event<'_, engine::Connections>,
                ctx: &engine::Context<'_>,
                out: &mut engine::Out<'_>,
            ) {
                SERVICE.observe(&self.rules(), state, event, ctx, out);
            }

            fn wake(
                &self,
                state: &mut $crate::guesses::State,
                at: engine::model::Timestamp,
                ctx: &engine::Context<'_>,
                out: &mut engine::Out<'_>,
            ) {
                SERVICE.wake(state, at, ctx, out);
            }
        }
    };
}

/// How guesses are found: what one is, then the rules that all families share.
macro_rules! guess_detection {
    ($guess:literal) => {
        concat!(
            $guess,
            " A finding is raised when one pair of addresses has `tries` guesses within `window_secs` and \
             `flat_per_mille` of them are of nearly the same size, or `burst_tries` within `burst_secs` with \
             `burst_flat_per_mille`; when `distributed_sources` new sources together make \
             `distributed_tries` guesses within `wide_window_secs`; or when the instance guesses twice or \
             more at `spray_destinations` new hosts within that time. A pair is new for its first 18 hours. \
             A private one that begins within the first 18 hours of the interface's logs may be older than \
             they are: while it is new, `tries` must come within `learning_window_secs`, and such hosts are a \
             spray if what they are sent is as flat, or from `learning_destinations` on. \
             After an alert, a connection of the same pair within 24 hours with `success_factor` times the \
             bytes of a guess, or with as many times its duration and more packets or bytes than it, or a \
             larger one after which the guesses stop, is a likely success."
        )
    };
}

/// What looks like guesses and is not: what all families share, then what is the service's own.
macro_rules! guess_false_positives {
    ($own:literal) => {
        concat!(
            "Automation that logs in makes flat connections too. Pairs that did the same on `known_days` \
             earlier days are left out, and so are pairs inside the network and connections of the instance \
             to hosts that are older than 18 hours, unless it guesses at `inside_destinations` new hosts at \
             the same time. Logins of a public address that is there when the logs begin and that come at the \
             same seconds of each minute, about one a minute, are reported only if they stop within two hours. \
             A new deployment tool or monitoring check may be reported on its first day: put \
             its address on a trusted list. ",
            $own
        )
    };
}
