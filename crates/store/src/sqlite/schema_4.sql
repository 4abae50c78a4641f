-- Fields of documents that people search by; see `INDEXED` in sql/filter.rs.
CREATE INDEX document_instance ON finding_document
  (json_extract(finding, '$.resource.instanceDetails.instanceId'))
  WHERE json_extract(finding, '$.resource.instanceDetails.instanceId') IS NOT NULL;
CREATE INDEX document_access_key ON finding_document
  (json_extract(finding, '$.resource.accessKeyDetails.accessKeyId'))
  WHERE json_extract(finding, '$.resource.accessKeyDetails.accessKeyId') IS NOT NULL;
CREATE INDEX document_principal ON finding_document
  (json_extract(finding, '$.resource.accessKeyDetails.principalId'))
  WHERE json_extract(finding, '$.resource.accessKeyDetails.principalId') IS NOT NULL;
CREATE INDEX document_user ON finding_document
  (json_extract(finding, '$.resource.accessKeyDetails.userName'))
  WHERE json_extract(finding, '$.resource.accessKeyDetails.userName') IS NOT NULL;
CREATE INDEX document_function ON finding_document
  (json_extract(finding, '$.resource.lambdaDetails.functionName'))
  WHERE json_extract(finding, '$.resource.lambdaDetails.functionName') IS NOT NULL;
CREATE INDEX document_network_address ON finding_document
  (json_extract(finding, '$.service.action.networkConnectionAction.remoteIpDetails.ipAddressV4'))
  WHERE json_extract(finding, '$.service.action.networkConnectionAction.remoteIpDetails.ipAddressV4') IS NOT NULL;
CREATE INDEX document_call_address ON finding_document
  (json_extract(finding, '$.service.action.awsApiCallAction.remoteIpDetails.ipAddressV4'))
  WHERE json_extract(finding, '$.service.action.awsApiCallAction.remoteIpDetails.ipAddressV4') IS NOT NULL;
CREATE INDEX document_domain ON finding_document
  (json_extract(finding, '$.service.action.dnsRequestAction.domain'))
  WHERE json_extract(finding, '$.service.action.dnsRequestAction.domain') IS NOT NULL;
