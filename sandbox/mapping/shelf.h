/* SPDX-License-Identifier: Apache-2.0 */
/* What the queue service does with messages: they become visible, are received and hidden for a
 * while, come again, are deleted. A standard queue gives them in the order of becoming visible. A
 * FIFO queue keeps the order of each group, and a group gives nothing while messages of it are
 * hidden or being processed. */
#pragma once

#include "mapping/heap.h"
#include "mapping/list.h"
#include "mapping/rules.h"

enum shelf_place {
    SHELF_AHEAD, /* has not come yet; FIFO: or is in its group */
    SHELF_READY,
    SHELF_HIDDEN,
    SHELF_SETTLED
};

struct shelf_message {
    int64_t visible_ms; /* of the last receive: hidden until then */
    uint64_t batch;     /* of the last receive */
    uint32_t receives;
    uint32_t running; /* batches with it that the function has */
    enum shelf_place place;
};

enum shelf_group_place {
    GROUP_EMPTY,
    GROUP_READY,
    GROUP_WAITING, /* for what is hidden, or for its next message to come */
    GROUP_BUSY     /* a batch has messages of it */
};

struct shelf_group {
    struct list messages; /* that are not settled, in order */
    int64_t due_ms;       /* WAITING */
    int64_t visible_ms;
    uint64_t batch; /* the last one that took from it */
    uint32_t hidden, running;
    uint32_t next; /* READY: to be received next */
    enum shelf_group_place place;
};

struct shelf;

struct shelf_kind {
    int (*put)(struct shelf *s, uint32_t number, int64_t now_ms, struct err *err);
    /* What has come or become visible. */
    void (*surface)(struct shelf *s, int64_t now_ms);
    /* When something can be received that cannot be now, without another call. */
    int64_t (*next_ms)(const struct shelf *s);
    uint32_t (*peek)(const struct shelf *s); /* LIST_NONE: nothing is there */
    void (*hide)(struct shelf *s, uint32_t number, int64_t now_ms); /* what peek gave */
    void (*rest)(struct shelf *s, int64_t now_ms);                  /* the receive is over */
    void (*unlink)(struct shelf *s, uint32_t number, int64_t now_ms);
    void (*release)(struct shelf *s, uint32_t number, int64_t now_ms); /* no batch has it now */
};

struct shelf {
    const struct shelf_kind *kind;
    struct mapping_items *items;
    struct shelf_message *messages;
    struct link *links; /* of messages: lists below; FIFO: list of its group */
    size_t cap;
    uint32_t count;
    /* Standard */
    uint32_t arrived;
    struct list ready, hidden; /* both in order of time; FIFO: ready has groups */
    /* FIFO */
    struct shelf_group *groups;
    struct link *group_links;
    size_t ngroups, groups_cap;
    struct heap waiting; /* groups; only what shelf_is_waiting says counts */
};

extern const struct shelf_kind shelf_standard, shelf_fifo;

void shelf_init(struct shelf *s, struct mapping_items *items);
void shelf_fini(struct shelf *s);
int shelf_put(struct shelf *s, uint32_t number, int64_t now_ms, struct err *err) ATTR_CHECK;

/* So many messages can be hidden, deleted or released then. */
int shelf_reserve(struct shelf *s, size_t n, struct err *err) ATTR_CHECK;

/* Received by a batch, until when it is hidden. */
void shelf_hide(struct shelf *s, uint32_t number, uint64_t batch, int64_t now_ms,
                int64_t visible_ms);
/* The batch that received it has another number now. */
void shelf_rename(struct shelf *s, uint32_t number, uint64_t batch);
/* A batch that the function had is over. */
void shelf_release(struct shelf *s, uint32_t number, int64_t now_ms);
void shelf_settle(struct shelf *s, uint32_t number, int64_t now_ms);

/* What a standard queue will give, in order, if nothing else happens. */
struct shelf_walk {
    const struct shelf *shelf;
    uint32_t ready, hidden, ahead;
};

struct shelf_walk shelf_walk_begin(const struct shelf *s);
/* LIST_NONE: nothing more; when it can be received, INT64_MIN: now. */
uint32_t shelf_walk_next(struct shelf_walk *w, int64_t *out_ms);
