//! Custom detection rules are on for whom they are switched on.

use serde_json::{Value, json};

use crate::effect::{ADMIN, World, call};

const RULE: &str = "vpc-flow-logs-deleted";
const KIND: &str = "DefenseImpairment:EC2/DisableOrModifyTools";

/// Flow logs are deleted at this minute after ten.
fn deletion(minute: u64) -> String {
    let mut log: Value = serde_json::from_str(&call(minute, "198.51.100.7")).unwrap();
    let record = &mut log["Records"][0];
    record["eventSource"] = json!("ec2.amazonaws.com");
    record["eventName"] = json!("DeleteFlowLogs");
    record["readOnly"] = json!(false);
    record["requestParameters"] = json!({"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-0123456789abcdef0", "tag": 1}}});
    log.to_string()
}

/// Flow logs are deleted, and time passes until that is worked on.
fn delete(world: &World, hour: u64) {
    world.push(&deletion(hour * 60));
    world.push(&call(hour * 60 + 50, "198.51.100.8"));
}

fn counted(world: &World) -> bool {
    let line =
        "guardpost_dry_run_matches_total{rule=\"VPCFlowLogsDeleted\",account=\"111122223333\"} 1";
    world.service.get("/metrics").contains(line)
}

fn ask(world: &World, method: &str, path: &str, body: &Value) -> Value {
    world.service.ok(ADMIN, method, &format!("/custom-detection-rule/{path}"), body)
}

#[test]
fn a_rule_counts_or_raises_where_it_is_switched_on() {
    let world = World::start();
    delete(&world, 0);
    world.expect(KIND, 0);
    let dry = json!({"ruleId": RULE, "mode": "DRY_RUN"});
    let made = ask(&world, "POST", "association", &dry);
    delete(&world, 1);
    world.service.wait("counting", |_| counted(&world));
    world.expect(KIND, 0);
    let id = made["ruleAssociation"]["associationId"].as_str().unwrap();
    let one = format!("rule/{RULE}/association/{id}");
    ask(&world, "PUT", &one, &json!({"mode": "LIVE"}));
    delete(&world, 2);
    world.expect(KIND, 1);
    // The setting survives, in the journal and in a snapshot.
    let world = world.kill();
    delete(&world, 3);
    world.expect(KIND, 2);
    let world = world.kill();
    delete(&world, 4);
    world.expect(KIND, 3);
    ask(&world, "DELETE", &one, &Value::Null);
    delete(&world, 5);
    world.expect(KIND, 3);
    world.service.end();
}

#[test]
fn rules_of_the_configuration_are_on_for_everybody() {
    let settings = "[detectors.rules.custom_detection]\nrules = [\"VPCFlowLogsDeleted\"]\n";
    let world = World::start_with(|_| settings.to_owned());
    delete(&world, 0);
    world.expect(KIND, 1);
    world.service.end();
    let dry = format!("{settings}dry_run = true\n");
    let world = World::start_with(|_| dry);
    delete(&world, 0);
    world.service.wait("counting", |_| counted(&world));
    world.expect(KIND, 0);
    world.service.end();
}
