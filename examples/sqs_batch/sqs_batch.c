/* SPDX-License-Identifier: Apache-2.0 */
/* Called for each message of a batch. A message that fails comes again, the others do not. */
#include <lambda/sqs.h>

/* The body, as the sender wrote it. */
struct order {
    lambda_str id, item;
    int64_t quantity;
};
LAMBDA_TYPE(order, LAMBDA_F(order, id, "orderId"), LAMBDA_F(order, item, "item"),
            LAMBDA_F(order, quantity, "quantity"));

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    struct order order;
    if (lambda_decode(ctx, order, m->body, &order) < 0)
        return -1; /* lambda_decode has said what is wrong */
    if (!order.id.len)
        return lambda_error(ctx, "BadOrder", "message %s has no orderId", m->message_id.ptr);
    if (order.quantity < 1)
        return lambda_error(ctx, "BadOrder", "order %s asks for %lld of %s", order.id.ptr,
                            (long long)order.quantity, order.item.ptr ? order.item.ptr : "nothing");
    lambda_log(ctx, LAMBDA_INFO, "order %s: %lld of %s, delivery %lld", order.id.ptr,
               (long long)order.quantity, order.item.ptr ? order.item.ptr : "?",
               (long long)m->attributes.receive_count);
    return 0;
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message));
