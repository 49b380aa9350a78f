/* SPDX-License-Identifier: Apache-2.0 */
/* Takes orders from the stock, each once, however often its message comes. The ledger stands for a
 * database: a line of message id, item and quantity is the booking and the memory of it in one
 * write, so that there is no moment at which one is there without the other. */
#include <lambda/sqs.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEDGER     "/tmp/idempotent.ledger"
#define STOCK      3  /* of each item, before the first order */
#define NAME_BYTES 40 /* bytes of a message id, of an item */
#define LINE_MAX   128

struct order {
    lambda_str id, item;
    int64_t quantity;
};
LAMBDA_TYPE(order, LAMBDA_F(order, id, "orderId"), LAMBDA_F(order, item, "item"),
            LAMBDA_F(order, quantity, "quantity"));

/* What the ledger says. */
struct account {
    bool booked; /* this message has been */
    int64_t left;
    long end; /* of the last whole line */
};

/* What comes from outside must not write columns and lines of its own. */
static bool is_name(lambda_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (iscntrl((unsigned char)s.ptr[i]))
            return false;
    return s.len > 0 && s.len <= NAME_BYTES;
}

static struct account read_ledger(FILE *ledger, lambda_str id, lambda_str item)
{
    struct account out = {.left = STOCK};
    char line[LINE_MAX], line_id[NAME_BYTES + 1], line_item[NAME_BYTES + 1];
    long long quantity;
    while (fgets(line, sizeof line, ledger) && strchr(line, '\n')) {
        out.end = ftell(ledger);
        /* a tab in a format would be any white space, as a name may begin with */
        if (sscanf(line, "%40[^\t]%*1[\t]%40[^\t]%lld", line_id, line_item, &quantity) != 3)
            continue;
        if (strcmp(line_id, id.ptr) == 0)
            out.booked = true;
        if (strcmp(line_item, item.ptr) == 0)
            out.left -= quantity;
    }
    return out;
}

/* A line without its end is what a process has left that died while it wrote: it never happened. */
static bool write_line(FILE *ledger, long end, lambda_str id, const struct order *o)
{
    if (ftruncate(fileno(ledger), end) != 0)
        return false;
    fseek(ledger, 0, SEEK_END);
    fprintf(ledger, "%s\t%s\t%lld\n", id.ptr, o->item.ptr, (long long)o->quantity);
    return fflush(ledger) == 0;
}

static int book(lambda_ctx *ctx, FILE *ledger, lambda_str id, const struct order *o)
{
    struct account a = read_ledger(ledger, id, o->item);
    if (a.booked) {
        lambda_log(ctx, LAMBDA_INFO, "order %s is booked already", o->id.ptr);
        return 0;
    }
    if (o->quantity > a.left)
        return lambda_error(ctx, "OutOfStock", "order %s asks for %lld of %s, %lld are left",
                            o->id.ptr, (long long)o->quantity, o->item.ptr, (long long)a.left);
    if (!write_line(ledger, a.end, id, o))
        return lambda_error(ctx, "LedgerFailed", "cannot write %s", LEDGER);
    lambda_log(ctx, LAMBDA_INFO, "order %s: %lld of %s, %lld are left", o->id.ptr,
               (long long)o->quantity, o->item.ptr, (long long)(a.left - o->quantity));
    return 0;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    struct order order;
    if (lambda_decode(ctx, order, m->body, &order) < 0)
        return -1; /* lambda_decode has said what is wrong */
    if (!order.id.len || !is_name(order.item) || order.quantity < 1 || !is_name(m->message_id))
        return lambda_error(ctx, "BadOrder", "message %s is no order", m->message_id.ptr);
    FILE *ledger = fopen(LEDGER, "a+e");
    if (!ledger)
        return lambda_error(ctx, "LedgerFailed", "cannot open %s", LEDGER);
    int rc = book(ctx, ledger, m->message_id, &order);
    fclose(ledger);
    return rc;
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message));
