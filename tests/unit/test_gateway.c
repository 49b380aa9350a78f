/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway decides without a network: routes, headers, options, variables, the queue. */
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "gateway/headers.h"
#include "gateway/memory.h"
#include "gateway/options.h"
#include "gateway/request.h"
#include "gateway/route.h"
#include "gateway/variables.h"

#define ROOT   "1-5759e988-bd862e3fe1be46a994272793"
#define TRACE  "5759e988bd862e3fe1be46a994272793"
#define PARENT "53995c3f42cd8ad8"

static void test_routes(void)
{
    static const struct {
        const char *method, *path;
        enum route_kind kind;
    } rows[] = {
        {"POST", "/", ROUTE_EVENT},
        {"POST", "/a/b", ROUTE_EVENT},
        {"POST", "", ROUTE_EVENT},
        {"POST", "*", ROUTE_EVENT},
        {"POST", "/2015-03-31/functions/function/invocations", ROUTE_INVOKE},
        {"POST", "/2015-03-31/functions/arn:aws:lambda:x:1:function:f:$LATEST/invocations",
         ROUTE_INVOKE},
        {"POST", "/2015-03-31/functions//invocations", ROUTE_EVENT},
        {"POST", "/2015-03-31/functions/f/invocations/", ROUTE_EVENT},
        {"POST", "/2015-03-31/functions/f/g/invocations", ROUTE_EVENT},
        {"POST", "/2015-03-31/functions/f", ROUTE_EVENT},
        {"GET", "/2015-03-31/functions/f/invocations", ROUTE_NO_GET},
        {"GET", "/health", ROUTE_HEALTH},
        {"HEAD", "/health", ROUTE_HEALTH},
        {"POST", "/health", ROUTE_NO_POST},
        {"get", "/health", ROUTE_NO_POST},
        {"GET", "/health/", ROUTE_NO_GET},
        {"PATCH", "/", ROUTE_NO_GET},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(route_find(rows[i].method, rows[i].path), rows[i].kind);
}

static void test_traces(void)
{
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memcpy(longest, "Root=" ROOT ";", sizeof "Root=" ROOT);
    const struct {
        const char *amzn, *parent, *want;
    } rows[] = {
        {NULL, NULL, ""},
        {"Root=" ROOT, NULL, "Root=" ROOT},
        {"Root=" ROOT ";Parent=" PARENT ";Sampled=1;Lineage=a:1|b:2", NULL,
         "Root=" ROOT ";Parent=" PARENT ";Sampled=1;Lineage=a:1|b:2"},
        {"Self=1-2;Root=" ROOT, NULL, "Self=1-2;Root=" ROOT},
        {"Root=" ROOT "0", NULL, ""},
        {"Root=1-5759e98x-bd862e3fe1be46a994272793", NULL, ""},
        {"Root=1-5759e988", NULL, ""},
        {"XRoot=" ROOT, NULL, ""},
        {"Root=" ROOT "; Parent=" PARENT, NULL, ""},
        {"Root=" ROOT ";a=\"", NULL, ""},
        {"", NULL, ""},
        {longest, NULL, ""},
        {NULL, "00-" TRACE "-" PARENT "-01", "Root=" ROOT ";Parent=" PARENT ";Sampled=1"},
        {NULL, "00-" TRACE "-" PARENT "-00", "Root=" ROOT ";Parent=" PARENT ";Sampled=0"},
        {NULL, "00-" TRACE "-" PARENT "-0B", "Root=" ROOT ";Parent=" PARENT ";Sampled=1"},
        {NULL, "00-" TRACE "-" PARENT "-fe", "Root=" ROOT ";Parent=" PARENT ";Sampled=0"},
        {NULL, "01-" TRACE "-" PARENT "-01", ""},
        {NULL, "00-" TRACE "-" PARENT "-01-x", ""},
        {NULL, "00-" TRACE "-" PARENT "-0", ""},
        {NULL, "00-" TRACE "-0000000000000000-01", ""},
        {NULL, "00-00000000000000000000000000000000-" PARENT "-01", ""},
        {"wrong", "00-" TRACE "-" PARENT "-01", "Root=" ROOT ";Parent=" PARENT ";Sampled=1"},
        {"Root=" ROOT, "00-" TRACE "-" PARENT "-01", "Root=" ROOT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[GATEWAY_TRACE_MAX + 1];
        headers_trace(rows[i].amzn, rows[i].parent, out);
        CHECK_STR(out, rows[i].want);
    }
}

static void test_contexts(void)
{
    char longest[GATEWAY_CONTEXT_MAX + 2];
    memset(longest, 'A', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const struct {
        const char *text, *want;
    } rows[] = {
        {"e30=", "{}"},     {"e30", "{}"},   {"ewoifQo=", "{ \"} "}, {"", NULL},
        {"%%%%", NULL},     {"e30==", NULL}, {"AA==", NULL}, /* a NUL */
        {"e30=e30=", NULL}, {longest, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_FREE char *got = headers_client_context(rows[i].text);
        CHECK_STR(got, rows[i].want);
    }
}

static const char *variable_port, *variable_timeout, *variable_handler;

/* As getenv has it; what it gives is not changed. */
static char *get(const char *name)
{
    const char *value = strcmp(name, "PORT") == 0                          ? variable_port
                        : strcmp(name, "_HANDLER") == 0                    ? variable_handler
                        : strcmp(name, "AWS_LAMBDA_FUNCTION_TIMEOUT") == 0 ? variable_timeout
                                                                           : NULL;
    union {
        const char *in;
        char *out;
    } both = {.in = value};
    return both.out;
}

static void test_options(void)
{
    static const struct {
        const char *arguments[4];
        const char *port, *timeout, *handler;
        struct options want;
        const char *error;
    } rows[] = {
        {{NULL}, NULL, NULL, NULL, {8080, NULL, NULL, 300000, false}, NULL},
        {{NULL}, "", "", "", {8080, NULL, NULL, 300000, false}, NULL},
        {{NULL}, "80", "0.25", "a.b", {80, NULL, "a.b", 250, false}, NULL},
        {{"--port", "81", "c"}, "80", "3", "a", {81, NULL, "c", 3000, false}, NULL},
        {{"--bootstrap=x", "--port=0"}, NULL, "86400", NULL, {0, "x", NULL, 86400000, false}, NULL},
        {{"--help", "--wrong"}, NULL, NULL, NULL, {8080, NULL, NULL, 300000, true}, NULL},
        {{NULL}, NULL, "0.0509", NULL, {8080, NULL, NULL, 50, false}, NULL},
        {{"--port"}, NULL, NULL, NULL, {0}, "--port needs a value"},
        {{"--port="}, NULL, NULL, NULL, {0}, "--port '' is no port"},
        {{"--port=+1"}, NULL, NULL, NULL, {0}, "--port '+1' is no port"},
        {{"--ports=1"}, NULL, NULL, NULL, {0}, "unknown option '--ports=1'"},
        {{"-"}, NULL, NULL, NULL, {0}, "unknown option '-'"},
        {{"a", "b"}, NULL, NULL, NULL, {0}, "two handlers, 'a' and 'b'"},
        {{NULL}, "000080", NULL, NULL, {0}, "PORT '000080' is no port"},
        {{NULL}, NULL, "0.04", NULL, {0}, "'0.04' is no time"},
        {{NULL}, NULL, "86401", NULL, {0}, "'86401' is no time"},
        {{NULL}, NULL, "99999999999999999999999", NULL, {0}, "is no time"},
        {{NULL}, NULL, ".5", NULL, {0}, "'.5' is no time"},
        {{NULL}, NULL, "1s", NULL, {0}, "'1s' is no time"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char words[4][32] = {"gateway"};
        char *argv[6] = {words[0]};
        struct options o;
        struct err err;
        for (size_t n = 0; n < 3 && rows[i].arguments[n]; n++) {
            snprintf(words[n + 1], sizeof words[n + 1], "%s", rows[i].arguments[n]);
            argv[n + 1] = words[n + 1];
        }
        variable_port = rows[i].port;
        variable_timeout = rows[i].timeout;
        variable_handler = rows[i].handler;
        int status = options_read(&o, argv, get, &err);
        CHECK_INT(status, rows[i].error ? -1 : 0);
        if (rows[i].error) {
            CHECK_HAS(err.msg, rows[i].error);
            CHECK_INT(err.kind, ERR_USAGE);
            continue;
        }
        CHECK_INT(o.port, rows[i].want.port);
        CHECK_INT(o.timeout_ms, rows[i].want.timeout_ms);
        CHECK_INT(o.help, rows[i].want.help);
        CHECK_STR(o.handler, rows[i].want.handler);
        CHECK_STR(o.bootstrap, rows[i].want.bootstrap);
    }
}

static void test_variables(void)
{
    static char inherited[][64] = {"PATH=/bin", "LANG=",           "_HANDLER=old",
                                   "A=1",       "AWS_REGION=eu-1", "AWS_LAMBDA_MAX_CONCURRENCY=4",
                                   "odd",       "PATHS=2"};
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"PATH", "/bin"},
        {"LANG", "en_US.UTF-8"},
        {"_HANDLER", "folder/orders.each"},
        {"A", "1"},
        {"PATHS", "2"},
        {"AWS_REGION", "eu-1"},
        {"AWS_DEFAULT_REGION", "eu-1"},
        {"AWS_LAMBDA_MAX_CONCURRENCY", NULL},
        {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"},
        {"AWS_LAMBDA_FUNCTION_NAME", "orders.each"},
        {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/orders.each"},
        {"AWS_LAMBDA_LOG_STREAM_NAME", "stream"},
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"},
    };
    char *list[ARRAY_LEN(inherited) + 1] = {0};
    for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
        list[i] = inherited[i];
    const struct variables_source source = {list, "127.0.0.1:1", "folder/orders.each", "stream",
                                            512};
    struct variables v;
    struct err err;
    CHECK_INT(variables_init(&v, &source, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_STR(variables_get(v.envp, rows[i].name), rows[i].want);
    CHECK_STR(v.name, "orders.each");
    CHECK_STR(v.region, "eu-1");
    size_t handlers = 0;
    for (char **at = v.envp; *at; at++)
        handlers += strncmp(*at, "_HANDLER=", 9) == 0;
    CHECK_INT(handlers, 1);
    variables_fini(&v);

    char *none[] = {NULL};
    const struct variables_source bare = {none, "127.0.0.1:1", NULL, "stream", 0};
    CHECK_INT(variables_init(&v, &bare, &err), 0);
    CHECK_STR(v.name, "function");
    CHECK_STR(variables_get(v.envp, "_HANDLER"), NULL);
    CHECK_STR(variables_get(v.envp, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), "1024");
    variables_fini(&v);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0);
    if (file)
        fclose(file);
}

static void test_memory(void)
{
    static const struct {
        const char *text;
        unsigned mb;
    } rows[] = {
        {"536870912\n", 512},         {"1048575", 0}, {"max\n", 0}, {"", 0},
        {"9223372036854771712\n", 0}, {"-1", 0},      {"12x", 0},   {"99999999999999999999999", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(memory_parse(rows[i].text), rows[i].mb);
    char folder[] = "/tmp/gateway-memory.XXXXXX", inner[64];
    CHECK(mkdtemp(folder));
    snprintf(inner, sizeof inner, "%s/memory", folder);
    CHECK_INT(memory_limit(folder), 0);
    CHECK_INT(mkdir(inner, 0700), 0);
    write_file(inner, "memory.limit_in_bytes", "268435456\n");
    CHECK_INT(memory_limit(folder), 256);
    write_file(folder, "memory.max", "134217728\n");
    CHECK_INT(memory_limit(folder), 128);
    write_file(folder, "memory.max", "max\n");
    CHECK_INT(memory_limit(folder), 256);
    static const char *const files[] = {"memory.max", "memory/memory.limit_in_bytes", "memory", ""};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        CHECK_INT(remove(path), 0);
    }
}

static void test_queue(void)
{
    struct queue q = {0};
    struct request r[4] = {0}, other = {0};
    CHECK(!queue_pop(&q));
    for (size_t i = 0; i < 4; i++)
        queue_push(&q, &r[i]);
    queue_remove(&q, &other);
    CHECK_INT(q.length, 4);
    queue_remove(&q, &r[3]); /* last */
    queue_remove(&q, &r[1]); /* between */
    queue_push(&q, &r[1]);
    queue_remove(&q, &r[0]); /* first */
    queue_remove(&q, &r[0]);
    CHECK_INT(q.length, 2);
    CHECK(queue_pop(&q) == &r[2]);
    CHECK(queue_pop(&q) == &r[1]);
    CHECK(!queue_pop(&q) && !q.first && !q.last && q.length == 0);
}

static const struct check_test tests[] = {
    {"routes", test_routes},   {"trace ids", test_traces},    {"contexts", test_contexts},
    {"options", test_options}, {"variables", test_variables}, {"memory", test_memory},
    {"queue", test_queue},
};
CHECK_MAIN(tests)
