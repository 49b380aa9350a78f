/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request.h"

void queue_push(struct queue *q, struct request *r)
{
    r->next = NULL;
    if (q->last)
        q->last->next = r;
    else
        q->first = r;
    q->last = r;
    q->length++;
}

struct request *queue_pop(struct queue *q)
{
    struct request *r = q->first;
    queue_remove(q, r);
    return r;
}

void queue_remove(struct queue *q, struct request *r)
{
    struct request *before = NULL;
    for (struct request *at = q->first; at; before = at, at = at->next) {
        if (at != r)
            continue;
        if (before)
            before->next = at->next;
        else
            q->first = at->next;
        if (q->last == at)
            q->last = before;
        q->length--;
        at->next = NULL;
        return;
    }
}
