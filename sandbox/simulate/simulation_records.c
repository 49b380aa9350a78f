/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/simulation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define NAMES_MAX ((size_t)256 << 20)

void simulation_records_init(struct simulation_records *r)
{
    *r = (struct simulation_records){0};
    buf_init(&r->names, NAMES_MAX);
}

void simulation_records_fini(struct simulation_records *r)
{
    for (size_t i = 0; i < r->nevents; i++)
        free(r->events[i]);
    free(r->events);
    free(r->items);
    free(r->shards);
    free(r->keys);
    free(r->name_ends);
    buf_free(&r->names);
    *r = (struct simulation_records){0};
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory for the records of the trace");
}

/* ---- events in ------------------------------------------------------------------------------ */

struct adding {
    struct simulation_records *records;
    const char *from, *to; /* the event, its copy */
    int64_t time_ms;
};

static int add_record(void *owner, const struct record *record, struct err *err)
{
    struct adding *a = owner;
    struct simulation_records *r = a->records;
    if (r->count == SIMULATION_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d records", SIMULATION_RECORDS_MAX);
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct record *items = realloc(r->items, cap * sizeof *items);
        if (!items)
            return no_memory(err);
        r->items = items;
        r->cap = cap;
    }
    struct record *item = &r->items[r->count++];
    *item = *record;
    records_move(item, a->from, a->to);
    if (item->arrival_ms == RECORDS_NO_TIME)
        item->arrival_ms = a->time_ms;
    return 0;
}

/* Keeps a copy of the event; NULL: ERR_LIMIT, ERR_MEMORY. */
static const char *keep_event(struct simulation_records *r, const char *event, size_t len,
                              struct err *err)
{
    if (len > SIMULATION_BYTES_MAX - r->bytes) {
        err_set(err, ERR_LIMIT, "the records have more than %zu bytes", SIMULATION_BYTES_MAX);
        return NULL;
    }
    if (r->nevents == r->events_cap) {
        size_t cap = r->events_cap ? r->events_cap * 2 : 16;
        char **events = realloc(r->events, cap * sizeof *events);
        if (events) {
            r->events = events;
            r->events_cap = cap;
        }
    }
    char *copy = r->nevents < r->events_cap ? malloc(len + 1) : NULL;
    if (!copy) {
        no_memory(err);
        return NULL;
    }
    memcpy(copy, event, len);
    copy[len] = '\0';
    r->bytes += len;
    r->events[r->nevents++] = copy;
    return copy;
}

int simulation_records_add(struct simulation_records *r, enum mapping_source source,
                           const char *event, size_t len, int64_t time_ms, struct err *err)
{
    const char *copy = keep_event(r, event, len, err);
    if (!copy)
        return -1;
    size_t before = r->count;
    struct adding a = {.records = r, .from = event, .to = copy, .time_ms = time_ms};
    if (records_split(source, event, len, add_record, &a, err) == 0)
        return 0;
    r->count = before;
    r->bytes -= len;
    free(r->events[--r->nevents]);
    return -1;
}

/* ---- the same text, the same number --------------------------------------------------------- */

enum part { PART_SHARD, PART_KEY, PART_ID, PART_COUNT };

/* The first record of each text that a part has, by hash; 0: free, else its number + 1. */
struct table {
    uint32_t *places;
    size_t mask;
    enum part part;
};

static uint64_t add_hash(uint64_t hash, struct scan_value v)
{
    return hash_add(hash_add(hash, v.ptr, v.len), "\xff", 1);
}

static uint64_t hash_part(const struct record *r, enum part part)
{
    uint64_t hash = add_hash(add_hash(HASH_BEGIN, r->stream), r->shard);
    if (part == PART_KEY)
        hash = add_hash(hash, r->key);
    if (part == PART_ID)
        hash = add_hash(hash, r->id);
    return hash ^ (hash >> 29);
}

static bool is_same(struct scan_value a, struct scan_value b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool same_part(const struct record *a, const struct record *b, enum part part)
{
    if (!is_same(a->shard, b->shard) || !is_same(a->stream, b->stream))
        return false;
    if (part == PART_KEY)
        return is_same(a->key, b->key);
    return part == PART_SHARD || is_same(a->id, b->id);
}

static int table_open(struct table *t, size_t count, enum part part, struct err *err)
{
    size_t size = 64;
    while (size < count * 2)
        size *= 2;
    *t = (struct table){.mask = size - 1, .part = part};
    t->places = calloc(size, sizeof *t->places);
    return t->places ? 0 : no_memory(err);
}

/* The number of the first record with the same text, of number itself when there is none. */
static uint32_t table_first(struct table *t, const struct record *items, uint32_t number)
{
    size_t at = hash_part(&items[number], t->part) & t->mask;
    while (t->places[at]) {
        uint32_t other = t->places[at] - 1;
        if (same_part(&items[other], &items[number], t->part))
            return other;
        at = (at + 1) & t->mask;
    }
    t->places[at] = number + 1;
    return number;
}

static int number_part(const struct simulation_records *r, enum part part, uint32_t *out,
                       struct err *err)
{
    struct table t;
    if (table_open(&t, r->count, part, err) < 0)
        return -1;
    uint32_t next = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t first = table_first(&t, r->items, i);
        out[i] = first == i ? next++ : out[first];
    }
    free(t.places);
    return 0;
}

static bool has_id(const struct record *r)
{
    return r->id.ptr && r->source != MAPPING_S3 && r->source != MAPPING_ASYNC;
}

static int leave_out_repeated(struct simulation_records *r, struct err *err)
{
    struct table t;
    if (table_open(&t, r->count, PART_ID, err) < 0)
        return -1;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        r->items[kept] = r->items[i];
        if (!has_id(&r->items[kept]) || table_first(&t, r->items, kept) == kept)
            kept++;
    }
    r->repeated += r->count - kept;
    r->count = kept;
    free(t.places);
    return 0;
}

/* ---- in order ------------------------------------------------------------------------------- */

struct place {
    int64_t arrival_ms;
    size_t number;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->arrival_ms != y->arrival_ms)
        return x->arrival_ms < y->arrival_ms ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int sort_records(struct simulation_records *r, struct err *err)
{
    bool sorted = true;
    for (size_t i = 1; i < r->count && sorted; i++)
        sorted = r->items[i - 1].arrival_ms <= r->items[i].arrival_ms;
    if (sorted)
        return 0;
    AUTO_FREE struct place *places = malloc(r->count * sizeof *places);
    struct record *items = malloc(r->count * sizeof *items);
    if (!places || !items) {
        free(items);
        return no_memory(err);
    }
    for (size_t i = 0; i < r->count; i++)
        places[i] = (struct place){r->items[i].arrival_ms, i};
    qsort(places, r->count, sizeof *places, compare_places);
    for (size_t i = 0; i < r->count; i++)
        items[i] = r->items[places[i].number];
    free(r->items);
    r->items = items;
    r->cap = r->count;
    return 0;
}

/* Digits of any length. */
static int compare_sequences(struct scan_value a, struct scan_value b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static int compare_in_shard(const void *a, const void *b, void *records)
{
    const struct simulation_records *r = records;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (r->shards[x] != r->shards[y])
        return r->shards[x] < r->shards[y] ? -1 : 1;
    int order = compare_sequences(r->items[x].id, r->items[y].id);
    return order ? order : (x > y) - (x < y);
}

/* Whether the sequence numbers of each shard go up; places: of its last record so far + 1. */
static bool is_in_sequence(const struct simulation_records *r, uint32_t *places)
{
    bool ordered = true;
    for (uint32_t i = 0; i < r->count && ordered; i++) {
        uint32_t last = places[r->shards[i]];
        ordered = !last || compare_sequences(r->items[last - 1].id, r->items[i].id) < 0;
        places[r->shards[i]] = i + 1;
    }
    return ordered;
}

/* Times of arrival are approximate: in a shard or partition it is the sequence number that counts.
 * Its records change places, the times stay. DynamoDB's events do not name the shard. */
static int sort_shards(struct simulation_records *r, struct err *err)
{
    if (!r->count || (r->items[0].source != MAPPING_KINESIS && r->items[0].source != MAPPING_KAFKA))
        return 0;
    AUTO_FREE uint32_t *places = calloc(r->count, sizeof *places);
    AUTO_FREE uint32_t *order = calloc(r->count, sizeof *order);
    AUTO_FREE struct record *items = calloc(r->count, sizeof *items);
    if (!places || !order || !items)
        return no_memory(err);
    if (is_in_sequence(r, places))
        return 0;
    memset(places, 0, r->count * sizeof *places);
    for (uint32_t i = 0; i < r->count; i++)
        order[i] = i;
    qsort_r(order, r->count, sizeof *order, compare_in_shard, r);
    /* places: where in order the next record of each shard is. */
    for (uint32_t i = (uint32_t)r->count; i-- > 0;)
        places[r->shards[order[i]]] = i;
    for (uint32_t i = 0; i < r->count; i++) {
        items[i] = r->items[order[places[r->shards[i]]++]];
        items[i].arrival_ms = r->items[i].arrival_ms;
    }
    memcpy(r->items, items, r->count * sizeof *items);
    return 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

static void add_view(struct buf *out, struct scan_value v)
{
    buf_add(out, v.ptr, v.len);
}

/* Queue, stream or cluster that a record is of; absent where ids are nobody else's. */
static struct scan_value origin_of(const struct record *r)
{
    return r->source == MAPPING_SQS ? r->shard : r->stream;
}

/* "orders" of arn:aws:sqs:us-east-1:123456789012:orders, of one that ends in stream/orders and of
 * one that ends in cluster/orders/UUID. */
static void add_resource(struct buf *out, struct scan_value arn)
{
    const char *at = arn.ptr, *end = at + arn.len, *slash;
    for (int colons = 0; colons < 5 && at < end; at++)
        colons += *at == ':';
    if ((slash = memchr(at, '/', (size_t)(end - at))))
        at = slash + 1;
    if ((slash = memchr(at, '/', (size_t)(end - at))))
        end = slash;
    buf_add(out, at, (size_t)(end - at));
}

static bool has_several_origins(const struct simulation_records *r)
{
    for (size_t i = 1; i < r->count; i++)
        if (!is_same(origin_of(&r->items[i]), origin_of(&r->items[0])))
            return true;
    return false;
}

static void add_name(struct buf *out, const struct record *r, size_t number)
{
    struct scan_value key;
    switch (r->source) {
    case MAPPING_SQS:
    case MAPPING_DYNAMODB:
        add_view(out, r->id);
        return;
    case MAPPING_KINESIS:
    case MAPPING_KAFKA:
        add_view(out, r->shard);
        buf_addc(out, ':');
        add_view(out, r->id);
        return;
    case MAPPING_S3:
        key = scan_find(r->text.ptr, r->text.len, "/s3/object/key");
        if (key.len > 2 && key.ptr[0] == '"') {
            buf_add(out, key.ptr + 1, key.len - 2);
            buf_addf(out, " (event %zu)", number + 1);
            return;
        }
        break;
    case MAPPING_ASYNC:
    case MAPPING_SOURCE_COUNT:
        break;
    }
    buf_addf(out, "event %zu", number + 1);
}

static int name_records(struct simulation_records *r, struct err *err)
{
    const bool several = has_several_origins(r);
    buf_reset(&r->names);
    for (size_t i = 0; i < r->count; i++) {
        const struct scan_value origin = origin_of(&r->items[i]);
        if (several && origin.len) {
            add_resource(&r->names, origin);
            buf_addc(&r->names, '/');
        }
        add_name(&r->names, &r->items[i], i);
        r->name_ends[i] = r->names.len;
    }
    return buf_check(&r->names, "the names of the records", err);
}

const char *simulation_name(void *records, uint32_t record, size_t *out_len)
{
    const struct simulation_records *r = records;
    *out_len = 0;
    if (record >= r->count)
        return "";
    size_t start = record ? r->name_ends[record - 1] : 0;
    *out_len = r->name_ends[record] - start;
    return r->names.ptr + start;
}

int simulation_records_end(struct simulation_records *r, struct err *err)
{
    if (sort_records(r, err) < 0 || leave_out_repeated(r, err) < 0)
        return -1;
    free(r->shards);
    free(r->keys);
    free(r->name_ends);
    r->shards = calloc(r->count + 1, sizeof *r->shards);
    r->keys = calloc(r->count + 1, sizeof *r->keys);
    r->name_ends = calloc(r->count + 1, sizeof *r->name_ends);
    if (!r->shards || !r->keys || !r->name_ends)
        return no_memory(err);
    if (number_part(r, PART_SHARD, r->shards, err) < 0 || sort_shards(r, err) < 0 ||
        number_part(r, PART_KEY, r->keys, err) < 0)
        return -1;
    return name_records(r, err);
}
