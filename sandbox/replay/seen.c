/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define SLOTS_FIRST 1024
#define NAMES_MAX   ((size_t)512 << 20)

/* Names as bytes in one buffer, found by a hash. */
struct replay_identities {
    struct slot {
        uint64_t hash;
        size_t at, len; /* len 0: free */
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

int replay_identities_add(struct replay_identities *ids, const struct record *record,
                          const struct trace_text *request_id, size_t place, struct err *err)
{
    size_t at = ids->names.len;
    if (!record->id.ptr && request_id->len == 0)
        return 0;
    if (grow(ids, err) < 0)
        return -1;
    if (record->id.ptr) {
        add_part(&ids->names, record->stream);
        add_part(&ids->names, record->shard);
        add_part(&ids->names, record->id);
    } else {
        add_part(&ids->names, (struct scan_value){request_id->ptr, request_id->len});
        buf_addf(&ids->names, "%zu", place);
    }
    if (buf_check(&ids->names, "the names of records", err) < 0)
        return -1;
    const char *name = ids->names.ptr + at;
    size_t len = ids->names.len - at;
    uint64_t hash = hash_of(name, len);
    struct slot *slot = find(ids, hash, name, len);
    if (slot->len) {
        ids->names.len = at;
        return 1;
    }
    *slot = (struct slot){hash, at, len};
    ids->count++;
    return 0;
}
