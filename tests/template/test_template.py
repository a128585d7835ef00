"""What the deployed stack promises, read from the template as CloudFormation gets it.

Some faults pass every linter: a route that does not stream, a gateway answer that is no JSON. They show only after
the SAM transform, so it is done here, in process and offline.
"""

import json
import re
from pathlib import Path

import pytest
from samtranslator.translator.arn_generator import ArnGenerator
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
FILES = (
    "/users/api/files", "/users/api/files/{path+}", "/users/api/uploads", "/users/api/uploads/{id}",
    "/users/api/uploads/{id}/complete", "/users/api/usage", "/users/api/user/export",
    "/users/api/health",
)
GATEWAY_TIMEOUT_SECONDS = 29
LOGGING_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRACING_POLICY = "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"


class OfflinePolicies:
    """Stands in for the look-up in IAM, which needs an account."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": LOGGING_POLICY, "AWSXrayWriteOnlyAccess": TRACING_POLICY}


def transformed(region):
    """The template after the SAM transform, as it is deployed in a region."""
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    # The transform accepts uploaded code only; where it lies makes no difference.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    parameters = {
        "PublicBaseUrl": "https://api.example.org/users/api",
        "AllowedOrigins": "",
        "SigningKeysParameter": "/users-api/signing-keys",
        "MailSender": "users@example.org",
    }
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", region)
        # Otherwise it is that of the first template that the process has transformed.
        environment.setattr(ArnGenerator, "BOTO_SESSION_REGION_NAME", region)
        return transform(template, parameters, OfflinePolicies())


@pytest.fixture(scope="module")
def template():
    """The template after the SAM transform."""
    return transformed("eu-west-2")


@pytest.fixture(scope="module")
def resources(template):
    return template["Resources"]


@pytest.fixture(scope="module")
def api(resources):
    return the_one(resources, "AWS::ApiGateway::RestApi")


@pytest.fixture(scope="module")
def routes(api):
    """Every (path, method) with its integration."""
    return {
        (path, method): operation["x-amazon-apigateway-integration"]
        for path, operations in api["Body"]["paths"].items()
        for method, operation in operations.items()
    }


@pytest.fixture(scope="module")
def gateway_answers(api):
    return api["Body"]["x-amazon-apigateway-gateway-responses"]


@pytest.fixture(scope="module")
def functions(resources):
    functions = all_of(resources, "AWS::Lambda::Function")
    assert set(functions) == {"Auth", "Account", "Files", "Send", "Info"}
    return functions


@pytest.fixture(scope="module")
def bucket(resources):
    return the_one(resources, "AWS::S3::Bucket")


@pytest.fixture(scope="module")
def table(resources):
    return the_one(resources, "AWS::DynamoDB::Table")


def all_of(resources, kind):
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == kind}


def the_one(resources, kind):
    found = all_of(resources, kind)
    assert len(found) == 1, f"one {kind} is expected, found {sorted(found)}"
    return next(iter(found.values()))


def as_list(value):
    return value if isinstance(value, list) else [value]


def uri(integration):
    return integration["uri"]["Fn::Sub"]


def references(node):
    """Every name that the node refers to, by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(node, list):
        for it in node:
            yield from references(it)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield as_list(value)[0].split(".")[0]
            elif key == "Fn::Sub":
                text, own = value if isinstance(value, list) else (value, {})
                yield from {name.split(".")[0] for name in re.findall(r"\$\{([^}]+)\}", text)} - set(own)
                yield from references(own)
            else:
                yield from references(value)


def test_every_reference_names_something_that_exists(template):
    known = set(template["Resources"]) | set(template["Parameters"])
    named = set(references([template["Resources"], template["Outputs"]]))
    assert {"Table", "Bucket", "MailSender"} <= named
    assert not {name for name in named - known if not name.startswith("AWS::")}


# Routes


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_in_other_partitions_nothing_is_looked_for_in_this_one(region, partition):
    named = json.dumps(transformed(region))
    # The policies that the transform itself looks up in IAM, which is played here.
    for policy in (LOGGING_POLICY, TRACING_POLICY):
        named = named.replace(policy, "")
    assert set(re.findall(r"arn:(aws[\w-]*):", named)) <= {partition}
    assert "amazonaws.com" not in re.sub(r'"[a-z]+\.amazonaws\.com"', "", named), "only services are named so everywhere"


def test_files_can_be_read_written_and_deleted_at_the_root_and_below(routes):
    root, below = "/users/api/files", "/users/api/files/{path+}"
    assert {route for route in routes if route[0].startswith(root)} == {
        *((root, verb) for verb in ("get", "head", "post", "options")),
        *((below, verb) for verb in ("get", "head", "post", "put", "delete", "options")),
    }


def test_every_files_route_streams_its_answer(routes):
    for route, integration in routes.items():
        if route[0] in FILES:
            assert integration.get("responseTransferMode") == "STREAM", route
            assert ":lambda:path/2021-11-15/functions/" in uri(integration), route
            assert uri(integration).endswith("/response-streaming-invocations"), route


def test_no_other_route_streams_its_answer(routes):
    for route, integration in routes.items():
        if route[0] not in FILES:
            assert "responseTransferMode" not in integration, route
            assert ":lambda:path/2015-03-31/functions/" in uri(integration), route
            assert uri(integration).endswith("/invocations"), route


def test_every_route_names_its_method(routes):
    assert not [route for route in routes if "any" in route[1]]


def test_every_route_lies_below_the_base_path(routes):
    assert not [route for route in routes if not route[0].startswith("/users/api/")]


def test_no_function_has_more_routes_than_its_policy_may_name(template, functions):
    """Each route is a statement in the policy of its function, which holds 20,480 bytes (AWS Lambda quotas)."""
    permissions = all_of(template["Resources"], "AWS::Lambda::Permission")
    for function in functions:
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": []}
        for name, permission in permissions.items():
            if permission["FunctionName"] != {"Ref": f"{function}Aliaslive"}:
                continue
            source = json.dumps(permission.get("SourceArn"))
            path = re.search(r"\}/([A-Z]+/[^\"]*)\"", source)
            policy["Statement"].append({
                "Sid": f"users-api-production-{name}-ABCDEFGHIJKL", "Effect": "Allow",
                "Principal": {"Service": permission["Principal"]}, "Action": permission["Action"],
                "Resource": f"arn:aws:lambda:ap-southeast-2:123456789012:function:users-api-production-{function}-ABCDEFGHIJKL:live",
                "Condition": {"ArnLike": {"AWS:SourceArn":
                    f"arn:aws:execute-api:ap-southeast-2:123456789012:abcdefghij/live/{path[1] if path else source}"}},
            })
        assert policy["Statement"], function
        assert len(json.dumps(policy, separators=(",", ":"))) < 20_480, function


def test_preflight_requests_go_to_the_function_that_serves_the_path(routes):
    for path in {path for path, _ in routes}:
        assert (path, "options") in routes, path
        assert len({uri(integration) for route, integration in routes.items() if route[0] == path}) == 1, path


def test_the_gateway_passes_every_type_of_body_on_byte_for_byte(api):
    assert api["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]


# Answers that the gateway makes by itself


def test_every_gateway_answer_is_json_that_says_what_to_do(gateway_answers):
    for name, answer in gateway_answers.items():
        templates = answer["responseTemplates"]
        assert list(templates) == ["application/json"], name
        body = json.loads(templates["application/json"])
        assert body["ok"] is False, name
        assert isinstance(body["status"], str) and body["status"].strip(), name
        assert set(body) == {"ok", "status"}, name


def test_every_gateway_answer_is_labelled_as_json_and_kept_out_of_caches(gateway_answers):
    for name, answer in gateway_answers.items():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/json'", name
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'", name


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("ACCESS_DENIED", 401),
        ("UNAUTHORIZED", 401),
        ("REQUEST_TOO_LARGE", 413),
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
    ],
)
def test_gateway_answers_have_the_status_that_clients_expect(gateway_answers, name, status):
    assert int(gateway_answers[name]["statusCode"]) == status


@pytest.mark.parametrize("name", ["DEFAULT_4XX", "DEFAULT_5XX"])
def test_all_other_gateway_faults_are_worded_and_keep_their_status(gateway_answers, name):
    assert "statusCode" not in gateway_answers[name]


@pytest.mark.parametrize("name", ["THROTTLED", "QUOTA_EXCEEDED"])
def test_a_client_that_is_held_back_learns_how_long_to_wait(gateway_answers, name):
    assert "gatewayresponse.header.Retry-After" in gateway_answers[name]["responseParameters"]


# Stored data


def test_the_bucket_is_private(bucket):
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_bucket_is_encrypted(bucket):
    rules = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in {"AES256", "aws:kms"}


def test_only_pages_of_the_api_and_of_allowed_origins_reach_the_bucket(bucket):
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT"}
    text, names = rule["AllowedOrigins"]["Fn::Split"][1]["Fn::Sub"]
    assert text == "https://${OwnHost}${More}"
    assert names["OwnHost"] == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "PublicBaseUrl"}]}]}
    assert names["More"] == {"Fn::If": ["HasAllowedOrigins", {"Fn::Sub": ",${AllowedOrigins}"}, ""]}


def test_the_bucket_keeps_replaced_and_deleted_files_for_a_while(bucket):
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert rule_with(bucket, "NoncurrentVersionExpiration") == {"NoncurrentDays": 30}


def test_the_bucket_forgets_what_was_never_finished(bucket):
    assert rule_with(bucket, "AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 2}
    staging = [rule for rule in rules_of(bucket) if rule.get("Prefix") == ".staging/"]
    assert [rule["ExpirationInDays"] for rule in staging] == [2]


def test_no_rule_expires_the_files_of_users(bucket):
    expiring = [rule for rule in rules_of(bucket) if "ExpirationInDays" in rule or "ExpirationDate" in rule]
    assert [rule.get("Prefix") for rule in expiring] == [".staging/"]


def test_the_bucket_refuses_whatever_does_not_come_over_tls(resources):
    policy = the_one(resources, "AWS::S3::BucketPolicy")
    (bucket,) = all_of(resources, "AWS::S3::Bucket")
    assert policy["Bucket"] == {"Ref": bucket}
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


def rules_of(bucket):
    return [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule["Status"] == "Enabled"]


def rule_with(bucket, key):
    (rule,) = [rule for rule in rules_of(bucket) if key in rule and "Prefix" not in rule]
    return rule[key]


def test_the_table_has_the_keys_that_the_functions_use(table):
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {it["AttributeName"]: it["AttributeType"] for it in table["AttributeDefinitions"]} == {"pk": "S", "sk": "S"}


def test_the_table_can_be_restored_to_any_moment(table):
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_table_drops_expired_items_by_their_ttl_attribute(table):
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_table_cannot_be_deleted_by_mistake(table):
    assert table["DeletionProtectionEnabled"] is True


def test_the_table_is_encrypted_and_grows_by_itself(table):
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_users_data_outlive_the_stack(resources):
    for resource in resources.values():
        if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}:
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


# Functions


def statements_by_role(resources):
    """Every statement of a function's own policies, with the name of its role."""
    for name, role in all_of(resources, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                yield name, statement


def test_every_function_has_a_role_of_its_own_that_may_write_its_log(resources, functions):
    roles = all_of(resources, "AWS::IAM::Role")
    # Two more are for the gateway, which writes its log by it, and for what moves requests to a new version.
    assert {name + "Role" for name in functions} == set(roles) - {"GatewayLogRole", "CodeDeployServiceRole"}
    for name, function in functions.items():
        assert function["Role"] == {"Fn::GetAtt": [name + "Role", "Arn"]}
        assert roles[name + "Role"]["ManagedPolicyArns"] == [LOGGING_POLICY, TRACING_POLICY]


def test_no_function_is_allowed_a_wildcard_action(resources):
    for role, statement in statements_by_role(resources):
        assert statement["Effect"] == "Allow" and "NotAction" not in statement, role
        assert not [action for action in as_list(statement["Action"]) if "*" in action], role


def test_no_function_is_allowed_a_wildcard_resource(resources):
    # Wildcards stand only where the rest of the name is fixed: the objects of the bucket, the identities of the account.
    within = {"${Bucket.Arn}/*", "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}
    seen = 0
    for role, statement in statements_by_role(resources):
        assert "NotResource" not in statement, role
        for resource in as_list(statement["Resource"]):
            seen += 1
            assert isinstance(resource, dict), f"{role} names {resource}"
            name = resource.get("Fn::Sub", "")
            assert "*" not in json.dumps(resource) or name in within, f"{role} names {resource}"
    assert seen, "no statement was looked at"


def test_mail_goes_out_in_the_name_of_the_configured_sender_only(resources):
    mail = [it for _, it in statements_by_role(resources) if "ses:SendEmail" in as_list(it["Action"])]
    assert len(mail) == 3
    for statement in mail:
        assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailSender"}}}


def test_mail_that_is_left_over_and_what_deleted_accounts_leave_are_seen_to_every_minute(resources):
    rules = all_of(resources, "AWS::Events::Rule").values()
    targets = {target["Arn"]["Ref"]: rule for rule in rules for target in rule["Targets"]}
    assert set(targets) == {"SendAliaslive", "FilesAliaslive"}
    assert {rule["ScheduleExpression"] for rule in rules} == {"rate(1 minute)"}


def test_bounces_and_complaints_come_back_to_the_function_that_notes_them(resources):
    destination = the_one(resources, "AWS::SES::ConfigurationSetEventDestination")
    assert set(destination["EventDestination"]["MatchingEventTypes"]) == {"bounce", "complaint"}
    topic = destination["EventDestination"]["SnsDestination"]["TopicARN"]["Ref"]
    subscriptions = all_of(resources, "AWS::SNS::Subscription").values()
    (subscription,) = [it for it in subscriptions if it["TopicArn"] == {"Ref": topic}]
    assert subscription["Endpoint"] == {"Ref": "SendAliaslive"}
    statement = the_one(resources, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_the_files_function_may_touch_the_bucket(resources):
    touching = {role for role, it in statements_by_role(resources) if "Bucket" in json.dumps(it["Resource"])}
    assert touching == {"FilesRole"}


def test_the_version_can_be_shown_without_any_permission(resources):
    assert "InfoRole" not in {role for role, _ in statements_by_role(resources)}


def test_every_function_gives_up_before_the_gateway_does(functions, routes):
    for name, function in functions.items():
        # A download takes its time, and its routes grant it.
        limit = 901 if name == "Files" else GATEWAY_TIMEOUT_SECONDS
        assert 0 < function["Timeout"] < limit, name
    for route, integration in routes.items():
        granted = 900_000 if route[0] in FILES else None
        assert integration.get("timeoutInMillis") == granted, route


def test_logging_on_has_a_processor_to_itself(functions):
    # The memory at which a function gets one full virtual processor.
    assert functions["Auth"]["MemorySize"] >= 1769


def test_a_new_version_that_raises_an_alarm_gives_way_to_the_old_one(resources, functions):
    groups = all_of(resources, "AWS::CodeDeploy::DeploymentGroup")
    assert set(groups) == {f"{name}DeploymentGroup" for name in functions}
    for name in functions:
        group = groups[f"{name}DeploymentGroup"]
        watched = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert watched == {f"{name}CrashAlarm", "FaultsAlarm"} and group["AlarmConfiguration"]["Enabled"], name
        rollback = group["AutoRollbackConfiguration"]
        assert rollback["Enabled"] and "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"], name
        # The translator has put the default of the parameter in.
        assert "AllAtOnce" in json.dumps(group["DeploymentConfigName"]), name
        update = resources[f"{name}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert update["DeploymentGroupName"] == {"Ref": f"{name}DeploymentGroup"}, name


def test_a_change_of_code_or_setting_makes_a_new_version_that_takes_over_as_the_parameter_says(functions):
    source = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    for name in functions:
        properties = source[name]["Properties"]
        assert properties["AutoPublishAliasAllProperties"] is True, name
        assert properties["DeploymentPreference"]["Type"] == {"Ref": "Rollout"}, name


def test_every_log_ends_up_in_a_group_that_forgets(resources, functions):
    groups = all_of(resources, "AWS::Logs::LogGroup")
    for name, function in functions.items():
        group = function["LoggingConfig"]["LogGroup"]["Ref"]
        assert groups[group]["RetentionInDays"] > 0, name
    assert len({function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()}) == len(functions)


# Operations


def test_no_more_requests_are_let_through_than_the_parameter_says(resources):
    (settings,) = the_one(resources, "AWS::ApiGateway::Stage")["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == settings["ThrottlingBurstLimit"] == {"Ref": "RequestsPerSecond"}


def test_a_line_of_the_gateways_log_is_json_without_a_query_or_a_header(resources):
    setting = the_one(resources, "AWS::ApiGateway::Stage")["AccessLogSetting"]["Fn::If"][1]
    line = json.loads(setting["Format"].replace("$context.", ""))
    assert {"request_id", "trace_id", "method", "route", "status", "duration_ms", "address"} <= set(line)
    assert not [value for value in line.values() if "path" == value or "header" in value or "query" in value]


def test_what_costs_or_needs_something_of_its_own_is_only_there_when_a_parameter_asks_for_it(template):
    conditions = {name: it.get("Condition") for name, it in template["Resources"].items()}
    assert conditions["Domain"] == conditions["DomainMapping"] == "HasDomain"
    assert conditions["WebAclAssociation"] == "HasWebAcl"
    assert conditions["GatewayLog"] == conditions["GatewayAccount"] == conditions["GatewayLogRole"] == "HasAccessLog"
    assert conditions["AlarmMail"] == "HasAlarmAddress"
    assert conditions["Identity"] == "HasMailIdentity"
    for name in ("DomainName", "CertificateArn", "WebAclArn", "AlarmAddress", "MailIdentity"):
        parameter = template["Parameters"][name]
        assert parameter["Default"] == "" and re.match(parameter["AllowedPattern"], ""), name


@pytest.mark.parametrize(("parameter", "good", "bad"), [
    ("DomainName", "api.example.org", "https://api.example.org"),
    ("CertificateArn", "arn:aws:acm:eu-west-2:123456789012:certificate/1a-2b", "certificate"),
    ("WebAclArn", "arn:aws:wafv2:eu-west-2:123456789012:regional/webacl/users/1a-2b",
     "arn:aws:wafv2:us-east-1:123456789012:global/webacl/users/1a-2b"),
    ("AlarmAddress", "ops@example.org", "ops"),
    ("MailIdentity", "mail.example.org", "users@"),
    ("MailIdentity", "users@example.org", "Users <users@example.org>"),
])
def test_a_parameter_out_of_range_is_refused_before_anything_is_made(template, parameter, good, bad):
    pattern = template["Parameters"][parameter]["AllowedPattern"]
    assert re.match(pattern, good) and not re.match(pattern, bad)
    assert template["Parameters"][parameter]["ConstraintDescription"].startswith("must be")


def own_metrics():
    """The names under which the functions count, as their log writes them."""
    source = (ROOT / "shared/web/src/request_line.rs").read_text(encoding="utf-8")
    return set(re.findall(r'Self::\w+ => "(\w+)"', source)) | {
        "duration_ms", "faults", "bytes_in", "bytes_out", "cold_starts"}


def test_every_alarm_and_graph_is_about_something_that_is_measured(template, resources, functions):
    dashboard = json.dumps(the_one(resources, "AWS::CloudWatch::Dashboard"))
    alarms = all_of(resources, "AWS::CloudWatch::Alarm")
    ours = {name: it for name, it in alarms.items() if it["Namespace"] == "UsersApi"}
    assert len(alarms) > 15 and len(ours) >= 5
    for name, alarm in ours.items():
        assert alarm["MetricName"] in own_metrics(), name
        assert {it["Name"] for it in alarm["Dimensions"]} <= {"function", "route"}, name
    for metric in own_metrics():
        assert metric in dashboard, metric
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}] and alarm["TreatMissingData"] == "notBreaching", name


def test_the_readme_says_what_every_alarm_means(resources):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+Alarm)`", readme))
    alarms = set(all_of(resources, "AWS::CloudWatch::Alarm"))
    assert {re.sub(r"^(Auth|Account|Files|Send|Info)(?=Crash|Throttle)", "", name) for name in alarms} == told


def test_the_dashboard_is_json(resources):
    body = the_one(resources, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 8
