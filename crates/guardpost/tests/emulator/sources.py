"""Drives `guardpost serve` from an emulator of S3 and SQS: objects are put, S3 tells the queue, findings come.

Run by `cargo xtask check --emulator`, with the program as its argument. Nothing but the endpoint is particular
to the emulator.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

PROGRAM = sys.argv[1]
SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
REGION = "us-east-1"
BUCKET = "guardpost-logs"
PATIENCE = 180
SETTINGS = """
[serve]
tick_secs = 3600
snapshot_secs = 1
{sources}
# A scan learns from a week of an archive; so does the service here.
[detectors.iam.anomalous_behavior]
learning_days = 7
[detectors.s3.anomalous_behavior]
learning_days = 7
[detectors.iam.anomalous_model_invocation]
learning_days = 7
"""
# A call a day after all others, so that their windows close.
LAST = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    "eventTime": "2026-03-20T00:00:00Z",
    "eventSource": "sts.amazonaws.com",
    "eventName": "AssumeRole",
    "awsRegion": REGION,
    "sourceIPAddress": "ec2.amazonaws.com",
    "userAgent": "ec2.amazonaws.com",
    "eventID": "00000000-0000-4000-8000-000000000001",
    "eventType": "AwsApiCall",
    "recipientAccountId": "111122223333",
}
# Keys may hold anything.
LAST_KEY = "later/a b+c=é%/last.json"


def client(service):
    return boto3.client(service, region_name=REGION, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Service:
    def __init__(self, folder, config):
        self.port = port()
        command = [PROGRAM, "serve", "--no-intel-dir", "--config", str(config)]
        command += ["--listen", f"127.0.0.1:{self.port}", "--data-dir", str(folder / "data")]
        self.process = subprocess.Popen(command)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def metric(self, name):
        lines = [it for it in self.get("/metrics").splitlines() if it.startswith(f"guardpost_{name}")]
        return sum(float(it.rsplit(" ", 1)[1]) for it in lines)

    def wait(self, what, is_done):
        begin = time.monotonic()
        while time.monotonic() - begin < PATIENCE:
            assert self.process.poll() is None, f"{what}: the service has ended"
            try:
                if is_done():
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"{what}: {self.get('/healthz')}{self.get('/metrics')}")

    def end(self, how):
        self.process.send_signal(how)
        assert self.process.wait(60) == (0 if how == signal.SIGTERM else -how)


def findings(*arguments):
    done = subprocess.run([PROGRAM, *arguments, "--format", "json"], capture_output=True, text=True)
    assert done.returncode in (0, 1, 2), done.stderr
    found = [json.loads(it) for it in done.stdout.splitlines()]
    for it in found:
        it.pop("createdAt")
        it.pop("updatedAt")
        # The service keeps the records behind a finding beside it; where they come from differs.
        information = json.loads(it["service"]["additionalInfo"]["value"])
        information["guardpost"].pop("evidence")
        it["service"]["additionalInfo"]["value"] = information
    return sorted(found, key=lambda it: it["id"])


def objects():
    files = [it for it in (SAMPLES / "AWSLogs").rglob("*") if it.is_file()]
    found = {str(it.relative_to(SAMPLES)): it.read_bytes() for it in files}
    return found | {LAST_KEY: json.dumps({"Records": [LAST]}).encode()}


def make_queue():
    sqs = client("sqs")

    def create(name, **attributes):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, arn["Attributes"]["QueueArn"]

    dead_url, dead_arn = create("dead-letters")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    url, arn = create("guardpost", VisibilityTimeout="300", RedrivePolicy=redrive)
    return url, arn, dead_url


def length(url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[it]) for it in names)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="guardpost-emulator."))
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    url, arn, dead_url = make_queue()
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    config = folder / "settings.toml"
    queue = f'[[serve.queues]]\nurl = "{url}"\nreceivers = 1\ntogether = 1000\nwait_secs = 1\n'
    queue += f'visibility_secs = 30\nregion = "{REGION}"\nbuckets = ["{BUCKET}"]\n'
    config.write_text(SETTINGS.format(sources=queue))

    logs = objects()
    for key, body in logs.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        path = folder / "logs" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    digest = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/02/digest.json.gz"
    s3.put_object(Bucket=BUCKET, Key=digest, Body=b"digest")
    assert length(url) >= len(logs) + 1, length(url)

    service = Service(folder, config)
    service.wait("taking in", lambda: length(url) == 0 and service.metric("journal_backlog ") == 0)
    assert service.metric("source_objects_total") == len(logs)
    assert service.metric("source_skipped_total") >= 1
    assert service.metric("source_failures_total") == 0

    # Redelivery: the same objects are told of again and known; the process is killed meanwhile.
    for key in list(logs)[:20]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=logs[key])
    time.sleep(0.5)
    service.end(signal.SIGKILL)
    service = Service(folder, config)
    service.wait("known ones", lambda: length(url) == 0 and service.metric("journal_backlog ") == 0)
    assert service.metric("source_objects_total") == 0, "everything was known"

    # What is gone before it is read ends among the dead letters, and nothing else waits for it.
    s3.put_object(Bucket=BUCKET, Key="AWSLogs/gone.json", Body=b"{}")
    s3.delete_object(Bucket=BUCKET, Key="AWSLogs/gone.json")
    service.wait("a gap", lambda: service.metric("source_gaps") == 1)
    assert "missing: s3://guardpost-logs/AWSLogs/gone.json" in service.get("/healthz")
    service.wait("dead letters", lambda: length(dead_url) == 1 and length(url) == 0)
    service.end(signal.SIGTERM)

    served = findings("findings", "--data-dir", str(folder / "data"))
    scanned = findings("scan", "--no-intel-dir", "--config", str(config), str(folder / "logs"))
    assert len(scanned) > 5
    assert served == scanned, f"{len(served)} and {len(scanned)} findings; see {folder}"
    print(f"S3 and SQS: {len(logs)} objects, {len(served)} findings as of a scan")


main()
