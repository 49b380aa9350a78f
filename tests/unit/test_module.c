/* SPDX-License-Identifier: Apache-2.0 */
#include "core/module.h"

#include "check.h"

static struct failure failure;

static void test_names(void)
{
    static const struct {
        const char *handler, *file, *symbol;
    } cases[] = {
        {"orders", "orders", "lambda_module"},
        {"orders.so", "orders", "lambda_module"},
        {"orders.second", "orders", "second"},
        {"orders.so.second", "orders", "second"},
        {"orders.so2", "orders", "so2"},
        {"bin/orders._x1", "bin/orders", "_x1"},
        {"a.b/orders", "a.b/orders", "lambda_module"},
        {"..a/orders", "..a/orders", "lambda_module"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct module_name name;
        failure.set = false;
        CHECK_INT(module_parse_name(cases[i].handler, &name, &failure), 0);
        CHECK_STR(name.file, cases[i].file);
        CHECK_STR(name.symbol, cases[i].symbol);
        CHECK(!failure.set);
    }
}

static void test_bad_names(void)
{
    static const struct {
        const char *handler, *message;
    } cases[] = {
        {"", "_HANDLER is not set"},
        {"/etc/orders", "without '..'"},
        {"../orders", "without '..'"},
        {"a/../../orders", "without '..'"},
        {"a/..", "without '..'"},
        {"..", "without '..'"},
        {".", "without '..'"},
        {"a/", "without '..'"},
        {".so", "without '..'"},
        {"orders.", "'' is no symbol"},
        {"orders.1st", "'1st' is no symbol"},
        {"orders.a.b", "'a.b' is no symbol"},
        {"orders.a-b", "'a-b' is no symbol"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct module_name name;
        CHECK_INT(module_parse_name(cases[i].handler, &name, &failure), -1);
        CHECK_STR(failure.type, "Runtime.MalformedHandlerName");
        CHECK_HAS(failure.message, cases[i].message);
    }
    char longest[MODULE_NAME_MAX + 2];
    struct module_name name;
    memset(longest, 'a', sizeof longest);
    longest[MODULE_NAME_MAX + 1] = '\0';
    CHECK_INT(module_parse_name(longest, &name, &failure), -1);
    longest[MODULE_NAME_MAX] = '\0';
    CHECK_INT(module_parse_name(longest, &name, &failure), 0);
}

struct record {
    lambda_str id, group;
};
LAMBDA_TYPE(record, LAMBDA_F(record, id, "id"), LAMBDA_F(record, group, "group"));

static int on_raw(lambda_ctx *ctx, lambda_str event)
{
    (void)ctx;
    (void)event;
    return 0;
}

static const struct lambda_handler good = {
    .event = "batch",
    .match = "/items",
    .type = &record_type,
    .records = "items",
    .group_offset = offsetof(struct record, group),
    .order_offset = offsetof(struct record, group),
    .mode = LAMBDA_M_EACH,
    .partial = LAMBDA_P_QUEUE,
    .has_group = 1,
    .fn = (lambda_fn)on_raw,
};

/* Checks a module with one handler, and gives the message, or "" when it is accepted. */
static const char *check_one(struct lambda_handler h)
{
    struct lambda_module table = {LAMBDA_ABI, sizeof table, sizeof h, 1, &h};
    failure.set = false;
    failure.message[0] = '\0';
    int failed = module_check(&table, "x.so", &failure);
    CHECK_INT(failed, failure.set ? -1 : 0);
    return failure.message;
}

#define WITH(member, value)              \
    check_one(__extension__({            \
        struct lambda_handler h_ = good; \
        h_.member = value;               \
        h_;                              \
    }))

static void test_handlers(void)
{
    CHECK_STR(check_one(good), "");
    CHECK_HAS(WITH(mode, 0), "handler 1 (batch): its mode");
    CHECK_HAS(WITH(mode, LAMBDA_M_RESTORE + 1), "its mode");
    CHECK_HAS(WITH(fn, NULL), "no function");
    CHECK_HAS(WITH(type, NULL), "no type");
    CHECK_HAS(WITH(partial, 3), "rule for failed records");
    CHECK_HAS(WITH(records, NULL), "where its records are");
    CHECK_HAS(WITH(id_offset, sizeof(struct record)), "outside");
    CHECK_HAS(WITH(group_offset, sizeof(struct record) - 8), "outside");
    CHECK_HAS(WITH(group_offset, UINT32_MAX), "outside");
    CHECK_HAS(WITH(order_offset, UINT32_MAX), "outside");
    CHECK_HAS(WITH(match, "no pointer"), "handler 1 (batch): ");
    CHECK_HAS(WITH(mode, LAMBDA_M_EVENT), "outside"); /* without a record type */
    CHECK_HAS(WITH(mode, LAMBDA_M_INIT), "no handler for events");
}

static void test_module(void)
{
    struct lambda_handler h = good;
    const struct lambda_module ok = {LAMBDA_ABI, sizeof ok, sizeof h, 1, &h};
    struct lambda_module m = ok;
    m.abi = LAMBDA_ABI + 1;
    CHECK_INT(module_check(&m, "x.so", &failure), -1);
    CHECK_STR(failure.type, "Runtime.ImportModuleError");
    CHECK_HAS(failure.message, "x.so was built for version 2");
    m = ok;
    m.size--;
    CHECK_INT(module_check(&m, "x.so", &failure), -1);
    CHECK_HAS(failure.message, "build both from the same release");
    m = ok;
    m.handler_size++;
    CHECK_INT(module_check(&m, "x.so", &failure), -1);
    m = ok;
    m.nhandlers = MODULE_HANDLERS_MAX + 1;
    CHECK_INT(module_check(&m, "x.so", &failure), -1);
    m.nhandlers = 0;
    CHECK_INT(module_check(&m, "x.so", &failure), -1);
    CHECK_STR(failure.type, "Runtime.HandlerNotFound");
}

static const struct check_test tests[] = {
    {"names", test_names},
    {"bad names", test_bad_names},
    {"handlers", test_handlers},
    {"module", test_module},
};
CHECK_MAIN(tests)
