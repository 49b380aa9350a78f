/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of ../sqs_batch after somebody tidied it up: it compiles, it looks right, and it
 * fails orders that it should take. A replay of the trace of ../sqs_batch finds it. */
#include <lambda/sqs.h>

#define QUANTITY_MIN 1

/* The body, as the sender wrote it. */
struct order {
    lambda_str id, item;
    int64_t quantity;
};
LAMBDA_TYPE(order, LAMBDA_F(order, id, "orderId"), LAMBDA_F(order, item, "item"),
            LAMBDA_F(order, quantity, "quantity"));

static const char *text_or(lambda_str text, const char *otherwise)
{
    return text.ptr ? text.ptr : otherwise;
}

static int check(lambda_ctx *ctx, const struct lambda_sqs_message *m, const struct order *o)
{
    if (!o->id.len)
        return lambda_error(ctx, "BadOrder", "message %s has no orderId", m->message_id.ptr);
    if (o->quantity <= QUANTITY_MIN)
        return lambda_error(ctx, "BadOrder", "order %s asks for %lld of %s", o->id.ptr,
                            (long long)o->quantity, text_or(o->item, "nothing"));
    return 0;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    struct order order;
    if (lambda_decode(ctx, order, m->body, &order) < 0 || check(ctx, m, &order) < 0)
        return -1;
    lambda_log(ctx, LAMBDA_INFO, "order %s: %lld of %s, delivery %lld", order.id.ptr,
               (long long)order.quantity, text_or(order.item, "?"),
               (long long)m->attributes.receive_count);
    return 0;
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message));
