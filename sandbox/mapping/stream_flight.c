/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "mapping/stream.h"

static int grow(struct stream_flights *f, struct err *err)
{
    size_t cap = f->cap ? f->cap * 2 : 64;
    uint32_t *lanes = malloc(cap * sizeof *lanes);
    if (!lanes)
        return err_set(err, ERR_MEMORY, "no memory for %zu invocations", cap);
    for (size_t i = 0; i < f->count; i++)
        lanes[i] = f->lanes[(f->head + i) & (f->cap - 1)];
    free(f->lanes);
    f->lanes = lanes;
    f->cap = cap;
    f->head = 0;
    return 0;
}

int stream_flight_start(struct stream_flights *f, uint32_t lane, uint64_t *out_id, struct err *err)
{
    if (f->count == f->cap && grow(f, err) < 0)
        return -1;
    f->lanes[(f->head + f->count) & (f->cap - 1)] = lane;
    *out_id = f->base + f->count++;
    return 0;
}

uint32_t stream_flight_lane(const struct stream_flights *f, uint64_t id)
{
    if (id < f->base || id - f->base >= f->count)
        return STREAM_NONE;
    return f->lanes[(f->head + (size_t)(id - f->base)) & (f->cap - 1)];
}

void stream_flight_end(struct stream_flights *f, uint64_t id)
{
    f->lanes[(f->head + (size_t)(id - f->base)) & (f->cap - 1)] = STREAM_NONE;
    while (f->count && f->lanes[f->head & (f->cap - 1)] == STREAM_NONE) {
        f->head = (f->head + 1) & (f->cap - 1);
        f->base++;
        f->count--;
    }
}
