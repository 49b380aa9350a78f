/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/seen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "compare/compare_run.h"

#define SLOTS_FIRST 1024
#define NAMES_MAX   ((size_t)512 << 20)

/* Names as bytes in one buffer, found by a hash. */
struct replay_identities {
    struct slot {
        uint64_t hash;
        size_t at, len;       /* len 0: free */
        uint64_t content;     /* hash */
        size_t event, number; /* where it was first, from 1 */
    } * slots;
    size_t nslots, count;
    struct buf names;
};

struct replay_identities *replay_identities_new(struct err *err)
{
    struct replay_identities *ids = calloc(1, sizeof *ids);
    if (ids)
        ids->slots = calloc(SLOTS_FIRST, sizeof *ids->slots);
    if (!ids || !ids->slots) {
        free(ids);
        err_set(err, ERR_MEMORY, "no memory for the names of records");
        return NULL;
    }
    ids->nslots = SLOTS_FIRST;
    buf_init(&ids->names, NAMES_MAX);
    return ids;
}

void replay_identities_free(struct replay_identities *ids)
{
    if (!ids)
        return;
    free(ids->slots);
    buf_free(&ids->names);
    free(ids);
}

static uint64_t hash_of(const char *name, size_t len)
{
    uint64_t h = hash_bytes(name, len);
    return h ^ h >> 32;
}

/* Where the name is, or a free place. */
static struct slot *find(const struct replay_identities *ids, uint64_t hash, const char *name,
                         size_t len)
{
    size_t i = hash % ids->nslots;
    while (ids->slots[i].len && (ids->slots[i].hash != hash || ids->slots[i].len != len ||
                                 memcmp(ids->names.ptr + ids->slots[i].at, name, len) != 0))
        i = (i + 1) % ids->nslots;
    return &ids->slots[i];
}

static int grow(struct replay_identities *ids, struct err *err)
{
    struct slot *old = ids->slots;
    size_t nold = ids->nslots;
    if (ids->count * 2 < nold)
        return 0;
    ids->slots = calloc(nold * 2, sizeof *ids->slots);
    if (!ids->slots) {
        ids->slots = old;
        return err_set(err, ERR_MEMORY, "no memory for the names of %zu records", ids->count);
    }
    ids->nslots = nold * 2;
    for (size_t i = 0; i < nold; i++)
        if (old[i].len)
            *find(ids, old[i].hash, ids->names.ptr + old[i].at, old[i].len) = old[i];
    free(old);
    return 0;
}

static void add_part(struct buf *name, struct scan_value part)
{
    if (part.ptr)
        buf_add(name, part.ptr, part.len);
    buf_addc(name, '\0');
}

/* ---- contents -------------------------------------------------------------------------------- */

/* What no delivery and no tool that prints a record changes in it, and how it is told. */
static const struct content {
    const char *members[3], *told, *id, *help;
} contents[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = {{"/body"}, "body", "messageId", " ('clambda event sqs records=N' does)"},
    [MAPPING_KINESIS] = {{"/kinesis/data"},
                         "data",
                         "sequenceNumber",
                         " ('clambda event kinesis records=N' does)"},
    [MAPPING_DYNAMODB] = {{"/dynamodb/Keys", "/dynamodb/NewImage", "/dynamodb/OldImage"},
                          "Keys, NewImage or OldImage",
                          "SequenceNumber",
                          ""},
    [MAPPING_KAFKA] = {{"/value"}, "value", "offset", ""},
    [MAPPING_S3] = {.members = {""}}, /* these two have no ids: it is a part of their names */
    [MAPPING_ASYNC] = {.members = {""}},
};

/* By what it means, not how it is written; what is absent is as null. */
static uint64_t hash_content(const struct record *r)
{
    static const struct compare_rules none;
    const struct content *c = &contents[r->source];
    uint64_t hash = 0;
    for (size_t i = 0; i < ARRAY_LEN(c->members) && c->members[i]; i++) {
        struct scan_value v = scan_find(r->text.ptr, r->text.len, c->members[i]);
        if (v.ptr && !(v.len == 4 && memcmp(v.ptr, "null", 4) == 0))
            hash ^= compare_hash(&none, rules_begin(&none), v);
        hash = hash_mix(hash);
    }
    return hash;
}

static int fail_another(const struct slot *first, const struct replay_sight *sight, struct err *err)
{
    const struct content *c = &contents[sight->record->source];
    const struct scan_value id = sight->record->id;
    return err_set(
        err, ERR_INPUT,
        "event %zu, record %zu: %s '%.*s' is that of event %zu, record %zu, with another "
        "%s: ids are unique on AWS, give each record its own%s; recordings with --redact need one "
        "--redact-key for all",
        sight->event, sight->place + 1, c->id, (int)id.len, id.ptr, first->event, first->number,
        c->told, c->help);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Request ids of recordings that were made under the rules begin anew in each. */
static void add_name(struct buf *names, const struct replay_sight *sight, uint64_t content)
{
    const struct record *record = sight->record;
    if (record->id.ptr) {
        add_part(names, record->stream);
        add_part(names, record->shard);
        add_part(names, record->id);
    } else {
        add_part(names, (struct scan_value){sight->request_id.ptr, sight->request_id.len});
        buf_addf(names, "%zu:%" PRIx64, sight->place, content);
    }
}

int replay_identities_add(struct replay_identities *ids, const struct replay_sight *sight,
                          struct err *err)
{
    size_t at = ids->names.len;
    if (!sight->record->id.ptr && sight->request_id.len == 0)
        return 0;
    if (grow(ids, err) < 0)
        return -1;
    uint64_t content = hash_content(sight->record);
    add_name(&ids->names, sight, content);
    if (buf_check(&ids->names, "the names of records", err) < 0)
        return -1;
    const char *name = ids->names.ptr + at;
    size_t len = ids->names.len - at;
    uint64_t hash = hash_of(name, len);
    struct slot *slot = find(ids, hash, name, len);
    if (slot->len) {
        ids->names.len = at;
        return slot->content == content ? 1 : fail_another(slot, sight, err);
    }
    *slot = (struct slot){hash, at, len, content, sight->event, sight->place + 1};
    ids->count++;
    return 0;
}
