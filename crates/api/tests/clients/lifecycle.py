"""Drives the life of a detector with boto3 and the AWS CLI against the server of AWS_ENDPOINT_URL_GUARDDUTY.

Run by `cargo xtask check --clients`. Nothing but the endpoint and the keys is particular to this server.
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
from botocore.exceptions import ClientError

REGION = "eu-central-1"
ACCOUNT = "111122223333"
OTHER = "444455556666"


def client(key="AKIDADMIN", secret="secret"):
    return boto3.client(
        "guardduty", region_name=REGION, aws_access_key_id=key, aws_secret_access_key=secret
    )


def cli(*arguments):
    keys = {"AWS_ACCESS_KEY_ID": "AKIDADMIN", "AWS_SECRET_ACCESS_KEY": "secret"}
    environment = {**os.environ, **keys, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    program = os.path.join(os.path.dirname(sys.executable), "aws")
    command = [program, "guardduty", *arguments, "--output", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def refused(code, text, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert text in error.response["Error"]["Message"], error
        return
    raise AssertionError(f"{code} was expected")


def detectors(admin):
    assert admin.list_detectors()["DetectorIds"] == []
    detector = admin.create_detector(
        Enable=True,
        FindingPublishingFrequency="FIFTEEN_MINUTES",
        Features=[{"Name": "EKS_AUDIT_LOGS", "Status": "ENABLED"}],
        Tags={"team": "security"},
    )["DetectorId"]
    again = lambda: admin.create_detector(Enable=True)
    refused("BadRequestException", "a detector already exists for the current account.", again)
    found = admin.get_detector(DetectorId=detector)
    assert (found["Status"], found["Tags"]) == ("ENABLED", {"team": "security"})
    assert found["FindingPublishingFrequency"] == "FIFTEEN_MINUTES"
    states = {it["Name"]: it["Status"] for it in found["Features"]}
    assert states["EKS_AUDIT_LOGS"] == "ENABLED" and states["RDS_LOGIN_EVENTS"] == "DISABLED"
    assert found["DataSources"]["Kubernetes"]["AuditLogs"]["Status"] == "ENABLED"
    admin.update_detector(DetectorId=detector, FindingPublishingFrequency="ONE_HOUR")
    assert admin.get_detector(DetectorId=detector)["FindingPublishingFrequency"] == "ONE_HOUR"
    return detector


def findings(admin, detector):
    admin.create_sample_findings(DetectorId=detector)
    pages = admin.get_paginator("list_findings").paginate(
        DetectorId=detector,
        SortCriteria={"AttributeName": "severity", "OrderBy": "DESC"},
        PaginationConfig={"PageSize": 2},
    )
    ids = [id for page in pages for id in page["FindingIds"]]
    assert len(ids) == len(set(ids)) == 3
    read = admin.get_findings(DetectorId=detector, FindingIds=ids)["Findings"]
    assert [it["Severity"] for it in read] == [8.0, 5.0, 2.0]
    assert read[0]["AccountId"] == ACCOUNT and read[0]["Title"].startswith("[SAMPLE]")
    severe = {"Criterion": {"severity": {"Gte": 5}, "service.archived": {"Eq": ["false"]}}}
    find = lambda: admin.list_findings(DetectorId=detector, FindingCriteria=severe)["FindingIds"]
    assert len(find()) == 2
    admin.archive_findings(DetectorId=detector, FindingIds=ids[:1])
    assert len(find()) == 1
    admin.unarchive_findings(DetectorId=detector, FindingIds=ids[:1])
    assert len(find()) == 2
    admin.update_findings_feedback(DetectorId=detector, FindingIds=ids[:1], Feedback="USEFUL")
    read = admin.get_findings(DetectorId=detector, FindingIds=ids[:1])["Findings"]
    assert read[0]["Service"]["UserFeedback"] == "USEFUL"
    counted = admin.get_findings_statistics(
        DetectorId=detector, FindingStatisticTypes=["COUNT_BY_SEVERITY"]
    )
    counts = counted["FindingStatistics"]["CountBySeverity"]
    assert counts == {"2.0": 1, "5.0": 1, "8.0": 1}
    by_type = admin.get_findings_statistics(DetectorId=detector, GroupBy="FINDING_TYPE")
    assert len(by_type["FindingStatistics"]["GroupedByFindingType"]) == 3


def settings(admin, detector):
    criteria = {"Criterion": {"type": {"Equals": ["Recon:EC2/Portscan"]}}}
    admin.create_filter(
        DetectorId=detector, Name="scans", FindingCriteria=criteria, Action="ARCHIVE", Rank=2
    )
    found = admin.get_filter(DetectorId=detector, FilterName="scans")
    assert (found["FindingCriteria"], found["Action"]) == (criteria, "ARCHIVE")
    admin.update_filter(DetectorId=detector, FilterName="scans", Action="NOOP")
    assert admin.list_filters(DetectorId=detector)["FilterNames"] == ["scans"]
    made = dict(DetectorId=detector, Format="TXT", Location="s3://bucket/list.txt", Activate=True)
    trusted = admin.create_ip_set(Name="trusted", **made)["IpSetId"]
    assert admin.get_ip_set(DetectorId=detector, IpSetId=trusted)["Status"] == "ACTIVATING"
    threats = admin.create_threat_intel_set(Name="threats", **made)["ThreatIntelSetId"]
    assert admin.list_threat_intel_sets(DetectorId=detector)["ThreatIntelSetIds"] == [threats]
    destination = admin.create_publishing_destination(
        DetectorId=detector,
        DestinationType="S3",
        DestinationProperties={"DestinationArn": "arn:aws:s3:::bucket", "KmsKeyArn": "arn:aws:kms:x"},
    )["DestinationId"]
    found = admin.describe_publishing_destination(DetectorId=detector, DestinationId=destination)
    assert found["PublishingFailureStartTimestamp"] == 0
    arn = f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/{detector}/filter/scans"
    admin.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    admin.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert admin.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}


def members(admin, other, detector):
    theirs = other.create_detector(Enable=True)["DetectorId"]
    details = [{"AccountId": OTHER, "Email": "a@example.com"}]
    assert admin.create_members(DetectorId=detector, AccountDetails=details)["UnprocessedAccounts"] == []
    admin.invite_members(DetectorId=detector, AccountIds=[OTHER])
    invitation = other.list_invitations()["Invitations"][0]
    other.accept_administrator_invitation(
        DetectorId=theirs, AdministratorId=ACCOUNT, InvitationId=invitation["InvitationId"]
    )
    found = admin.list_members(DetectorId=detector)["Members"]
    assert [(it["AccountId"], it["RelationshipStatus"]) for it in found] == [(OTHER, "Enabled")]
    assert other.get_administrator_account(DetectorId=theirs)["Administrator"]["AccountId"] == ACCOUNT
    admin.disassociate_members(DetectorId=detector, AccountIds=[OTHER])
    admin.delete_members(DetectorId=detector, AccountIds=[OTHER])
    other.delete_detector(DetectorId=theirs)


def refusals(admin, detector):
    gone = "the input detectorId is not owned by the current account."
    other = client("AKIDOTHER")
    refused("BadRequestException", gone, lambda: other.get_detector(DetectorId=detector))
    refused("BadRequestException", gone, lambda: admin.get_detector(DetectorId="0" * 32))
    reader = client("AKIDREADER")
    assert reader.list_detectors()["DetectorIds"] == [detector]
    refused("AccessDeniedException", "", lambda: reader.delete_detector(DetectorId=detector))
    refused("InvalidSignatureException", "", client(secret="wrong").list_detectors)
    refused("UnrecognizedClientException", "", client("AKIDNOBODY").list_detectors)
    many = lambda: admin.list_findings(DetectorId=detector, MaxResults=51)
    refused("BadRequestException", "the parameter maxResults is out-of-bounds.", many)
    url = admin.generate_presigned_url("list_detectors")
    with urllib.request.urlopen(url) as answer:
        assert json.load(answer)["detectorIds"] == [detector]
    try:
        urllib.request.urlopen(url.replace("/detector?", "/invitation?"))
        raise AssertionError("a presigned request was changed and passed")
    except urllib.error.HTTPError as error:
        assert error.code == 403, error


def command_line(detector):
    code, answer, error = cli("list-detectors")
    assert (code, answer) == (0, {"DetectorIds": [detector]}), error
    code, answer, error = cli("get-detector", "--detector-id", detector)
    assert code == 0 and answer["Status"] == "ENABLED", error
    criteria = json.dumps({"Criterion": {"severity": {"GreaterThanOrEqual": 5}}})
    arguments = ["--detector-id", detector, "--finding-criteria", criteria]
    code, answer, error = cli("list-findings", *arguments)
    assert code == 0 and len(answer["FindingIds"]) == 2, error
    code, _, error = cli("get-filter", "--detector-id", detector, "--filter-name", "nothing")
    assert code != 0 and "since no such resource found." in error, error
    code, _, error = cli("delete-detector", "--detector-id", detector)
    assert code == 0, error


def main():
    admin = client()
    detector = detectors(admin)
    findings(admin, detector)
    settings(admin, detector)
    members(admin, client("AKIDOTHER"), detector)
    refusals(admin, detector)
    command_line(detector)
    assert admin.list_detectors()["DetectorIds"] == []
    print("boto3", boto3.__version__, "and the AWS CLI: ok")


main()
