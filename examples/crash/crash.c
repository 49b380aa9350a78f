/* SPDX-License-Identifier: Apache-2.0 */
/* A handler with two faults: an order without a customer crashes it, one that waits hangs it. */
#include <lambda.h>
#include <unistd.h>

struct order {
    lambda_str id, customer;
    int64_t wait_s;
};
LAMBDA_TYPE(order, LAMBDA_F(order, id, "orderId"), LAMBDA_F(order, customer, "customer"),
            LAMBDA_F(order, wait_s, "waitSeconds"));

static int on_order(lambda_ctx *ctx, lambda_str event)
{
    struct order order;
    if (lambda_decode(ctx, order, event, &order) < 0)
        return -1;
    for (unsigned left = (unsigned)order.wait_s; left;)
        left = sleep(left); /* a signal ends it early */
    /* forgets that a member may be absent: ptr is NULL then */
    const char answer[] = {'"', order.customer.ptr[0], '"'};
    return lambda_reply(ctx, answer, sizeof answer);
}

LAMBDA_MODULE(LAMBDA_RAW(on_order));
