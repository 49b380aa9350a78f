/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon S3 event notifications.
 *
 * S3 invokes asynchronously, at least once, in no order, usually with one record per event. A
 * failed invocation is retried as a whole: there are no partial failures. The test event that S3
 * sends when a notification is set up comes as an event without records (an _EACH handler is not
 * called). */
#pragma once

#include "../lambda.h"

/* Who did it, or who owns it. */
struct lambda_s3_identity {
    lambda_str principal_id; /* "AWS:AIDA...", "s3.amazonaws.com" for lifecycle rules */
};
LAMBDA_TYPE(lambda_s3_identity, LAMBDA_F(lambda_s3_identity, principal_id, "principalId"));

struct lambda_s3_request {
    lambda_str source_ip; /* address of the caller; a service's name when a service did it */
};
LAMBDA_TYPE(lambda_s3_request, LAMBDA_F(lambda_s3_request, source_ip, "sourceIPAddress"));

/* What AWS Support asks for. */
struct lambda_s3_response {
    lambda_str request_id, host_id;
};
LAMBDA_TYPE(lambda_s3_response, LAMBDA_F(lambda_s3_response, request_id, "x-amz-request-id"),
            LAMBDA_F(lambda_s3_response, host_id, "x-amz-id-2"));

struct lambda_s3_bucket {
    lambda_str name;
    struct lambda_s3_identity owner;
    lambda_str arn;
};
LAMBDA_TYPE(lambda_s3_bucket, LAMBDA_F(lambda_s3_bucket, name, "name"),
            LAMBDA_OBJ(lambda_s3_bucket, owner, "ownerIdentity", lambda_s3_identity),
            LAMBDA_F(lambda_s3_bucket, arn, "arn"));

struct lambda_s3_object {
    lambda_str key;        /* form-encoded ("red+flower.jpg"): lambda_url_decode() before use */
    int64_t size;          /* bytes; 0 when absent, as in deletes */
    lambda_str etag;       /* absent in deletes */
    lambda_str version_id; /* absent unless the bucket is versioned */
    lambda_str
        sequencer; /* hexadecimal; the greater is the later of two events of one key, when the
                      shorter text is filled with zeros. Absent for other than PUT and DELETE */
};
LAMBDA_TYPE(lambda_s3_object, LAMBDA_F(lambda_s3_object, key, "key"),
            LAMBDA_F(lambda_s3_object, size, "size"), LAMBDA_F(lambda_s3_object, etag, "eTag"),
            LAMBDA_F(lambda_s3_object, version_id, "versionId"),
            LAMBDA_F(lambda_s3_object, sequencer, "sequencer"));

struct lambda_s3_entity {
    lambda_str schema_version;   /* "1.0" */
    lambda_str configuration_id; /* of the bucket's notification configuration */
    struct lambda_s3_bucket bucket;
    struct lambda_s3_object object;
};
LAMBDA_TYPE(lambda_s3_entity, LAMBDA_F(lambda_s3_entity, schema_version, "s3SchemaVersion"),
            LAMBDA_F(lambda_s3_entity, configuration_id, "configurationId"),
            LAMBDA_OBJ(lambda_s3_entity, bucket, "bucket", lambda_s3_bucket),
            LAMBDA_OBJ(lambda_s3_entity, object, "object", lambda_s3_object));

struct lambda_s3_restore {
    lambda_str expiry_time;   /* RFC 3339: when the restored copy expires */
    lambda_str storage_class; /* where it was restored from: "GLACIER", "DEEP_ARCHIVE" */
};
LAMBDA_TYPE(lambda_s3_restore,
            LAMBDA_F(lambda_s3_restore, expiry_time, "lifecycleRestorationExpiryTime"),
            LAMBDA_F(lambda_s3_restore, storage_class, "lifecycleRestoreStorageClass"));

struct lambda_s3_glacier {
    struct lambda_s3_restore restore;
};
LAMBDA_TYPE(lambda_s3_glacier,
            LAMBDA_OBJ(lambda_s3_glacier, restore, "restoreEventData", lambda_s3_restore));

struct lambda_s3_replication {
    lambda_str rule_id;
    lambda_str destination_bucket; /* ARN */
    lambda_str operation;          /* "OBJECT_PUT", ... */
    lambda_str request_time;       /* RFC 3339: when the object was written */
    lambda_str failure_reason;     /* only in Replication:OperationFailedReplication */
    lambda_str threshold;          /* minutes; only in events of replication time control */
    lambda_str replication_time;   /* minutes; only after the threshold was missed */
};
LAMBDA_TYPE(lambda_s3_replication, LAMBDA_F(lambda_s3_replication, rule_id, "replicationRuleId"),
            LAMBDA_F(lambda_s3_replication, destination_bucket, "destinationBucket"),
            LAMBDA_F(lambda_s3_replication, operation, "s3Operation"),
            LAMBDA_F(lambda_s3_replication, request_time, "requestTime"),
            LAMBDA_F(lambda_s3_replication, failure_reason, "failureReason"),
            LAMBDA_F(lambda_s3_replication, threshold, "threshold"),
            LAMBDA_F(lambda_s3_replication, replication_time, "replicationTime"));

struct lambda_s3_tiering {
    lambda_str access_tier; /* new tier: "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS" */
};
LAMBDA_TYPE(lambda_s3_tiering, LAMBDA_F(lambda_s3_tiering, access_tier, "destinationAccessTier"));

struct lambda_s3_transition {
    lambda_str storage_class; /* new class: "GLACIER", ... */
};
LAMBDA_TYPE(lambda_s3_transition,
            LAMBDA_F(lambda_s3_transition, storage_class, "destinationStorageClass"));

struct lambda_s3_lifecycle {
    struct lambda_s3_transition transition;
};
LAMBDA_TYPE(lambda_s3_lifecycle, LAMBDA_OBJ(lambda_s3_lifecycle, transition, "transitionEventData",
                                            lambda_s3_transition));

/* One notification. */
struct lambda_s3_record {
    lambda_str event_version; /* "2.1" and up: compare the part before the dot for equality */
    lambda_str event_source;  /* "aws:s3" */
    lambda_str region;
    lambda_str event_time; /* RFC 3339: when S3 had finished the request */
    lambda_str event_name; /* "ObjectCreated:Put", "ObjectRemoved:Delete", ...; without "s3:" */
    struct lambda_s3_identity user;
    struct lambda_s3_request request;
    struct lambda_s3_response response; /* the request's ids, for AWS Support */
    struct lambda_s3_entity s3;
    struct lambda_s3_glacier glacier;         /* only in ObjectRestore:Completed */
    struct lambda_s3_replication replication; /* only in Replication:... */
    struct lambda_s3_tiering tiering;         /* only in IntelligentTiering */
    struct lambda_s3_lifecycle lifecycle;     /* only in LifecycleTransition */
};
LAMBDA_TYPE(lambda_s3_record, LAMBDA_F(lambda_s3_record, event_version, "eventVersion"),
            LAMBDA_F(lambda_s3_record, event_source, "eventSource"),
            LAMBDA_F(lambda_s3_record, region, "awsRegion"),
            LAMBDA_F(lambda_s3_record, event_time, "eventTime"),
            LAMBDA_F(lambda_s3_record, event_name, "eventName"),
            LAMBDA_OBJ(lambda_s3_record, user, "userIdentity", lambda_s3_identity),
            LAMBDA_OBJ(lambda_s3_record, request, "requestParameters", lambda_s3_request),
            LAMBDA_OBJ(lambda_s3_record, response, "responseElements", lambda_s3_response),
            LAMBDA_OBJ(lambda_s3_record, s3, "s3", lambda_s3_entity),
            LAMBDA_OBJ(lambda_s3_record, glacier, "glacierEventData", lambda_s3_glacier),
            LAMBDA_OBJ(lambda_s3_record, replication, "replicationEventData",
                       lambda_s3_replication),
            LAMBDA_OBJ(lambda_s3_record, tiering, "intelligentTieringEventData", lambda_s3_tiering),
            LAMBDA_OBJ(lambda_s3_record, lifecycle, "lifecycleEventData", lambda_s3_lifecycle));

/* The whole event. */
struct lambda_s3_event {
    LAMBDA_LIST(struct lambda_s3_record) records; /* absent in the test event */
    /* These only in the test event: */
    lambda_str service; /* "Amazon S3" */
    lambda_str event;   /* "s3:TestEvent" */
    lambda_str time;    /* RFC 3339 */
    lambda_str bucket;  /* its name */
    lambda_str request_id;
    lambda_str host_id;
};
LAMBDA_TYPE(lambda_s3_event, LAMBDA_LISTOF(lambda_s3_event, records, "Records", lambda_s3_record),
            LAMBDA_F(lambda_s3_event, service, "Service"),
            LAMBDA_F(lambda_s3_event, event, "Event"), LAMBDA_F(lambda_s3_event, time, "Time"),
            LAMBDA_F(lambda_s3_event, bucket, "Bucket"),
            LAMBDA_F(lambda_s3_event, request_id, "RequestId"),
            LAMBDA_F(lambda_s3_event, host_id, "HostId"));

#define LAMBDA_S3_MATCH_ "/Records/0/eventSource=aws:s3|/Event=s3:TestEvent"

/* Rows of LAMBDA_MODULE: int f(lambda_ctx *, const struct lambda_s3_event *), and once per record
 * int f(lambda_ctx *, const struct lambda_s3_record *). */
#define LAMBDA_S3(f)                                                                        \
    {                                                                                       \
        "S3 notification", LAMBDA_S3_MATCH_, &lambda_s3_event_type, &lambda_s3_record_type, \
            "Records", (uint32_t)offsetof(struct lambda_s3_event, records), 0, 0, 0,        \
            LAMBDA_M_EVENT, LAMBDA_P_NONE, 0, 0,                                            \
            LAMBDA_FN_(f, lambda_ctx *, const struct lambda_s3_event *)                     \
    }
#define LAMBDA_S3_EACH(f)                                                                    \
    {                                                                                        \
        "S3 notification", LAMBDA_S3_MATCH_, &lambda_s3_record_type, &lambda_s3_record_type, \
            "Records", 0, 0, 0, 0, LAMBDA_M_EACH, LAMBDA_P_NONE, 0, 0,                       \
            LAMBDA_FN_(f, lambda_ctx *, const struct lambda_s3_record *)                     \
    }
