/* SPDX-License-Identifier: Apache-2.0 */
/* Takes orders from the stock. Right as long as each message comes once, which no queue promises:
 * the stock does not know for which order it was taken. /tmp stands for a database. */
#include <lambda/sqs.h>

#include <ctype.h>
#include <stdio.h>

#define STOCK    3 /* of each item, before the first order */
#define ITEM_MAX 40
#define PATH     "/tmp/not_idempotent.%s"

struct order {
    lambda_str id, item;
    int64_t quantity;
};
LAMBDA_TYPE(order, LAMBDA_F(order, id, "orderId"), LAMBDA_F(order, item, "item"),
            LAMBDA_F(order, quantity, "quantity"));

/* An item names a file here. */
static bool is_name(lambda_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (iscntrl((unsigned char)s.ptr[i]) || s.ptr[i] == '/')
            return false;
    return s.len > 0 && s.len <= ITEM_MAX;
}

static long long read_stock(const char *path)
{
    long long left = STOCK;
    FILE *f = fopen(path, "re");
    if (f) {
        if (fscanf(f, "%lld", &left) != 1)
            left = 0;
        fclose(f);
    }
    return left;
}

/* Whole or not at all: a crash in between leaves the old file. */
static bool write_stock(const char *path, long long left)
{
    char temporary[ITEM_MAX + 40];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *f = fopen(temporary, "we");
    if (!f)
        return false;
    fprintf(f, "%lld\n", left);
    return fclose(f) == 0 && rename(temporary, path) == 0;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    struct order order;
    if (lambda_decode(ctx, order, m->body, &order) < 0)
        return -1; /* lambda_decode has said what is wrong */
    if (!order.id.len || !is_name(order.item) || order.quantity < 1)
        return lambda_error(ctx, "BadOrder", "message %s is no order", m->message_id.ptr);
    char path[ITEM_MAX + 30];
    snprintf(path, sizeof path, PATH, order.item.ptr);
    long long left = read_stock(path);
    if (order.quantity > left)
        return lambda_error(ctx, "OutOfStock", "order %s asks for %lld of %s, %lld are left",
                            order.id.ptr, (long long)order.quantity, order.item.ptr, left);
    left -= order.quantity;
    if (!write_stock(path, left))
        return lambda_error(ctx, "StockFailed", "cannot write %s", path);
    lambda_log(ctx, LAMBDA_INFO, "order %s: %lld of %s, %lld are left", order.id.ptr,
               (long long)order.quantity, order.item.ptr, left);
    return 0;
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message));
