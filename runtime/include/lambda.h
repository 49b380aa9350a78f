/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler author includes, directly or through <lambda/s3.h>, <lambda/sqs.h>, ...
 *
 *   #include <lambda/sqs.h>
 *
 *   static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m) { ... return 0; }
 *
 *   LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message));
 *
 * Build it with "cc -shared -fPIC -o orders.so orders.c" and set the function's handler to
 * "orders". Nothing is linked: the lambda_* functions are in the bootstrap that loads the module.
 *
 * Memory: everything reachable from an event and everything from lambda_alloc belongs to the
 * runtime and lives until the handler returns (in an _EACH handler: until that call returns). Copy
 * what must live longer. There is no free function. Calls are not thread-safe: use ctx only on the
 * thread that called the handler. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LAMBDA_ABI 1u /* changes when old modules cannot be loaded any more */

/* ---- values -------------------------------------------------------------------------------- */

/* Text. NUL-terminated, but may hold NUL bytes before its end (from \u0000): len counts.
 * ptr is NULL when the member is absent, null, an object or an array; a number or truth value
 * stands there as its text. */
typedef struct {
    const char *ptr;
    size_t len;
} lambda_str;

/* Bytes that came as base64, already decoded. Not NUL-terminated. ptr NULL: absent or not base64.
 */
typedef struct {
    const unsigned char *ptr;
    size_t len;
} lambda_bytes;

/* A free-form member as JSON text. Not NUL-terminated. ptr NULL: absent or null. */
typedef struct {
    const char *ptr;
    size_t len;
} lambda_json;

/* A point in time as microseconds since 1970-01-01 UTC, without rounding. 0: absent. */
typedef struct {
    int64_t us;
} lambda_epoch;

/* A number or truth value for which absent and zero differ. */
typedef struct {
    int64_t value;
    bool present;
} lambda_opt_i64;
typedef struct {
    bool value, present;
} lambda_opt_bool;

/* len elements of type T at ptr. ptr NULL: absent; len 0 with a ptr: empty. */
#define LAMBDA_LIST(T) \
    struct {           \
        const T *ptr;  \
        size_t len;    \
    }

typedef struct {
    const lambda_str *ptr;
    size_t len;
} lambda_strs;
typedef struct {
    const lambda_bytes *ptr;
    size_t len;
} lambda_bytes_list;
typedef struct {
    lambda_str key, value;
} lambda_pair;

/* Members of an object with text values, in the order of the document. A number or boolean stands
 * there as its text. */
typedef struct {
    const lambda_pair *ptr;
    size_t len;
} lambda_map;

/* for each element of a LAMBDA_LIST, lambda_strs or lambda_map: "it" is a pointer to it. */
#define lambda_each(it, list)                                                                   \
    for (__typeof__(&*(list).ptr) it = (list).ptr, it##_end_ = it + (list).len; it < it##_end_; \
         it++)

/* ---- invocation ---------------------------------------------------------------------------- */

typedef struct lambda_ctx lambda_ctx; /* one invocation (or the init phase), owned by the runtime */

enum lambda_level {
    LAMBDA_TRACE = 1,
    LAMBDA_DEBUG,
    LAMBDA_INFO,
    LAMBDA_WARN,
    LAMBDA_ERROR,
    LAMBDA_FATAL,
};

/* size bytes, aligned for any type, zeroed. NULL when the invocation's memory is used up. */
void *lambda_alloc(lambda_ctx *ctx, size_t size);

/* Sets the invocation's (in an _EACH handler: the record's) error and returns -1, so that a handler
 * writes "return lambda_error(...)". type is the errorType that callers see, such as "EmptyBody".
 * The text is cut at 4095 bytes. Without a call a handler that fails gets "Function.HandlerFailed".
 */
int lambda_error(lambda_ctx *ctx, const char *type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes one line to the function's log: time, request id, level, text; as JSON where the
 * function's logging configuration says so. One write per line; in text a line break becomes a
 * carriage return, so that it stays one log event. At most 256 KiB. Levels below
 * AWS_LAMBDA_LOG_LEVEL (INFO unless the function's logging configuration says otherwise) are
 * dropped. */
void lambda_log(lambda_ctx *ctx, enum lambda_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One value beside a log line's text. */
enum lambda_kv_kind {
    LAMBDA_KV_TEXT = 1,
    LAMBDA_KV_I64,
    LAMBDA_KV_F64,
    LAMBDA_KV_BOOL,
    LAMBDA_KV_U64
};
struct lambda_kv {
    const char *key;
    uint32_t kind; /* enum lambda_kv_kind */
    uint32_t reserved_;
    const char *text; /* NULL: null */
    size_t len;
    int64_t i64; /* also of BOOL; of U64, which is for what is larger, the bits */
    double f64;
};

/* Behind lambda_log_kv. */
void lambda_log_fields(lambda_ctx *ctx, enum lambda_level level, const char *text,
                       const struct lambda_kv *fields, size_t count);

/* lambda_log with values that a machine can read:
 *
 *   lambda_log_kv(ctx, LAMBDA_INFO, "taken", LAMBDA_KV("order", id), LAMBDA_KV("total", 12.5));
 *
 * In JSON (AWS_LAMBDA_LOG_FORMAT) each becomes a member of the line, else "key=value" behind the
 * text. A key that the line has already (timestamp, level, message, requestId, ..., or an earlier
 * one of the same name) gets "_" in front. Values are texts (const char *, lambda_str), numbers
 * (NaN and Infinity become texts) and booleans. At most 128 of them, and 256 KiB in all: what is
 * more is left off. */
#define lambda_log_kv(ctx, level, text, ...)                                \
    do {                                                                    \
        const struct lambda_kv kv_[] = {__VA_ARGS__};                       \
        lambda_log_fields(ctx, level, text, kv_, sizeof kv_ / sizeof *kv_); \
    } while (0)

/* Makes a copy of len bytes the invocation's answer, replacing an earlier one. Usually JSON; it is
 * sent as it is. Without a call the answer is null, or batchItemFailures for batch events. 0, or -1
 * when memory is short or it is longer than 6 MiB + 100 bytes (lambda_error is set then). */
int lambda_reply(lambda_ctx *ctx, const void *bytes, size_t len);

/* What a streamed answer begins with. Zero what is not needed. */
struct lambda_stream_head {
    /* NULL: application/octet-stream, or what http_headers say (not both) */
    const char *content_type;
    /* For function URLs and API Gateway; 0: no HTTP head, the answer is the bytes alone. */
    int32_t http_status;
    uint32_t reserved_;
    const lambda_pair *http_headers; /* each name once */
    size_t nhttp_headers;
    const lambda_str *http_cookies; /* values of Set-Cookie: NAME=VALUE... */
    size_t nhttp_cookies;
};

/* Behind lambda_stream_open. */
int lambda_stream_begin(lambda_ctx *ctx, const struct lambda_stream_head *head, size_t head_size);

/* Streams the answer instead of lambda_reply: bytes are on their way when lambda_stream_write
 * returns, the answer ends when the handler returns. A handler that fails before the first write
 * fails as always; later the caller gets the bytes so far and the error behind them (there with at
 * most about 2 KB of text). head NULL: plain bytes. Lambda streams to callers that ask for it
 * (function URLs with RESPONSE_STREAM, InvokeWithResponseStream); others get the whole, at most
 * 6 MB. 0, or -1 with lambda_error "Runtime.StreamError" set: a value of the head is wrong, the
 * handler has replied or streams already, this is a hook or a handler whose answer the runtime
 * makes (_EACH, and batches whose records fail one by one). */
#define lambda_stream_open(ctx, head) \
    lambda_stream_begin(ctx, head, sizeof(struct lambda_stream_head))

/* Sends len bytes as one chunk by one system call, without a copy; waits while the reader is
 * slower. len 0 sends the head when it has not been sent. 0, or -1 with lambda_error
 * "Runtime.StreamError" set: no stream is open, or Lambda has ended it (the caller has gone away,
 * the answer is too large, the time is over); then more writes fail at once, and the invocation
 * with them even if the handler returns 0. */
int lambda_stream_write(lambda_ctx *ctx, const void *bytes, size_t len);

/* In a batch handler (not _EACH): marks record index (from 0) for retry. Ignored with a warning in
 * the log where the event has no partial failures or the index is out of range. */
void lambda_fail_record(lambda_ctx *ctx, size_t index);

/* The invocation's context. Texts are absent when Lambda did not send them, and during init. */
lambda_str lambda_request_id(const lambda_ctx *ctx);
lambda_str lambda_function_arn(const lambda_ctx *ctx);
lambda_str lambda_trace_id(const lambda_ctx *ctx);
lambda_str lambda_tenant_id(const lambda_ctx *ctx); /* of functions with tenant isolation */
lambda_json lambda_client_context(const lambda_ctx *ctx);
lambda_json lambda_cognito_identity(const lambda_ctx *ctx);
/* Unix milliseconds; 0 during init. In a shutdown hook: when the process is killed. */
int64_t lambda_deadline_ms(const lambda_ctx *ctx);
int64_t lambda_remaining_ms(const lambda_ctx *ctx); /* until the deadline, 0 once it has passed */

/* text with "+" as blank and %XX decoded, as S3 object keys need it, in the invocation's memory.
 * A '%' without two hexadecimal digits stays. Absent when text is or memory is short. */
lambda_str lambda_url_decode(lambda_ctx *ctx, lambda_str text);

/* ---- free-form JSON ------------------------------------------------------------------------ */

/* The value at a JSON pointer such as "/detail/items/0"; "" is the value itself. Absent when there
 * is none or it is null. A view into json. */
lambda_json lambda_json_get(lambda_json json, const char *pointer);

/* The value at a pointer as text, unescaped, NUL-terminated, in the invocation's memory. Absent
 * when it is not a string or memory is short. */
lambda_str lambda_json_str(lambda_ctx *ctx, lambda_json json, const char *pointer);

/* The value at a pointer; otherwise what the caller gives as fallback. An integer may be written
 * with a zero fraction (60.0); a number that does not fit gives the fallback. */
int64_t lambda_json_i64(lambda_json json, const char *pointer, int64_t fallback);
double lambda_json_f64(lambda_json json, const char *pointer, double fallback);
bool lambda_json_bool(lambda_json json, const char *pointer, bool fallback);

/* ---- values of log lines ------------------------------------------------------------------- */

static inline struct lambda_kv lambda_kv_str(const char *key, lambda_str value)
{
    struct lambda_kv kv = {key, LAMBDA_KV_TEXT, 0, value.ptr, value.len, 0, 0};
    return kv;
}
static inline struct lambda_kv lambda_kv_text(const char *key, const char *value)
{
    lambda_str text = {value, value ? __builtin_strlen(value) : 0};
    return lambda_kv_str(key, text);
}
static inline struct lambda_kv lambda_kv_i64(const char *key, int64_t value)
{
    struct lambda_kv kv = {key, LAMBDA_KV_I64, 0, 0, 0, value, 0};
    return kv;
}
static inline struct lambda_kv lambda_kv_u64(const char *key, uint64_t value)
{
    struct lambda_kv kv = {key, LAMBDA_KV_I64, 0, 0, 0, (int64_t)value, 0};
    if (value > INT64_MAX)
        kv.kind = LAMBDA_KV_U64;
    return kv;
}
static inline struct lambda_kv lambda_kv_f64(const char *key, double value)
{
    struct lambda_kv kv = {key, LAMBDA_KV_F64, 0, 0, 0, 0, value};
    return kv;
}
static inline struct lambda_kv lambda_kv_bool(const char *key, bool value)
{
    struct lambda_kv kv = {key, LAMBDA_KV_BOOL, 0, 0, 0, value, 0};
    return kv;
}

#ifdef __cplusplus
} /* extern "C" */
inline lambda_kv lambda_kv_of_(const char *key, lambda_str value)
{
    return lambda_kv_str(key, value);
}
inline lambda_kv lambda_kv_of_(const char *key, const char *value)
{
    return lambda_kv_text(key, value);
}
inline lambda_kv lambda_kv_of_(const char *key, char *value)
{
    return lambda_kv_text(key, value);
}
inline lambda_kv lambda_kv_of_(const char *key, float value)
{
    return lambda_kv_f64(key, (double)value);
}
inline lambda_kv lambda_kv_of_(const char *key, bool value)
{
    return lambda_kv_bool(key, value);
}
inline lambda_kv lambda_kv_of_(const char *key, double value)
{
    return lambda_kv_f64(key, value);
}
inline lambda_kv lambda_kv_of_(const char *key, long double value)
{
    return lambda_kv_f64(key, (double)value);
}
template <typename I> inline lambda_kv lambda_kv_of_(const char *key, I value)
{
    return value < I(1) ? lambda_kv_i64(key, (int64_t)value) : lambda_kv_u64(key, (uint64_t)value);
}
extern "C" {
#define LAMBDA_KV(key, value) lambda_kv_of_(key, value)
#else
#define LAMBDA_KV(key, value) \
    _Generic((value), lambda_str         \
             : lambda_kv_str, char *     \
             : lambda_kv_text, const char * \
             : lambda_kv_text, bool      \
             : lambda_kv_bool, float     \
             : lambda_kv_f64, double     \
             : lambda_kv_f64, long double \
             : lambda_kv_f64, unsigned long \
             : lambda_kv_u64, unsigned long long \
             : lambda_kv_u64, default    \
             : lambda_kv_i64)(key, value)
#endif

/* ---- typed JSON: structs and their tables -------------------------------------------------- */

/* Kinds of members; the numbers are part of the ABI. */
enum lambda_kind {
    LAMBDA_K_STR = 1,
    LAMBDA_K_I64,
    LAMBDA_K_F64,
    LAMBDA_K_BOOL,
    LAMBDA_K_EPOCH,      /* seconds with a fraction, as number or text */
    LAMBDA_K_BYTES,      /* base64 */
    LAMBDA_K_JSON,       /* any value, kept as text */
    LAMBDA_K_STRS,       /* array of strings */
    LAMBDA_K_BYTES_LIST, /* array of base64 strings */
    LAMBDA_K_MAP,        /* object of strings */
    LAMBDA_K_OPT_I64,
    LAMBDA_K_OPT_BOOL,
    LAMBDA_K_OBJ,      /* nested struct */
    LAMBDA_K_LIST,     /* array of structs */
    LAMBDA_K_MAP_LIST, /* object of structs, as a list of { lambda_str key; struct T value; } */
};

#define LAMBDA_FIELD_ALIAS 1u /* another name of the member above it: read, never written */

struct lambda_type;

/* One member: its JSON name, where it stands in the struct, how it is read. */
struct lambda_field {
    const char *key;
    uint16_t key_len;
    uint8_t kind;  /* enum lambda_kind */
    uint8_t flags; /* LAMBDA_FIELD_ALIAS */
    uint32_t offset;
    const struct lambda_type *sub; /* of OBJ, LIST and MAP_LIST */
};

/* A struct. plan belongs to the runtime. */
struct lambda_type {
    const char *name;
    uint32_t size, nfields;
    const struct lambda_field *fields;
    void *plan;
};

/* The kind follows from the member's C type, so that table and struct cannot disagree. */
#ifdef __cplusplus
} /* extern "C" */
constexpr uint8_t lambda_kind_of_(const lambda_str *)
{
    return LAMBDA_K_STR;
}
constexpr uint8_t lambda_kind_of_(const int64_t *)
{
    return LAMBDA_K_I64;
}
constexpr uint8_t lambda_kind_of_(const double *)
{
    return LAMBDA_K_F64;
}
constexpr uint8_t lambda_kind_of_(const bool *)
{
    return LAMBDA_K_BOOL;
}
constexpr uint8_t lambda_kind_of_(const lambda_epoch *)
{
    return LAMBDA_K_EPOCH;
}
constexpr uint8_t lambda_kind_of_(const lambda_bytes *)
{
    return LAMBDA_K_BYTES;
}
constexpr uint8_t lambda_kind_of_(const lambda_json *)
{
    return LAMBDA_K_JSON;
}
constexpr uint8_t lambda_kind_of_(const lambda_strs *)
{
    return LAMBDA_K_STRS;
}
constexpr uint8_t lambda_kind_of_(const lambda_bytes_list *)
{
    return LAMBDA_K_BYTES_LIST;
}
constexpr uint8_t lambda_kind_of_(const lambda_map *)
{
    return LAMBDA_K_MAP;
}
constexpr uint8_t lambda_kind_of_(const lambda_opt_i64 *)
{
    return LAMBDA_K_OPT_I64;
}
constexpr uint8_t lambda_kind_of_(const lambda_opt_bool *)
{
    return LAMBDA_K_OPT_BOOL;
}
#define LAMBDA_KIND_(S, m)   lambda_kind_of_((const decltype(S::m) *)nullptr)
#define LAMBDA_SUB_(S, m, T) (0 * sizeof(*(1 ? (struct T *)nullptr : (decltype(S::m) *)nullptr)))
#define LAMBDA_ITEM_(S, m, T) \
    (0 * sizeof(*(1 ? (const struct T *)nullptr : decltype(S::m.ptr)(nullptr))))
#define LAMBDA_VALUE_(S, m, T) \
    (0 * sizeof(*(1 ? (const struct T *)nullptr : &decltype(S::m.ptr)(nullptr)->value)))
#else
#define LAMBDA_KIND_(S, m)                       \
    _Generic(((struct S *)0)->m, lambda_str      \
             : LAMBDA_K_STR, int64_t             \
             : LAMBDA_K_I64, double              \
             : LAMBDA_K_F64, bool                \
             : LAMBDA_K_BOOL, lambda_epoch       \
             : LAMBDA_K_EPOCH, lambda_bytes      \
             : LAMBDA_K_BYTES, lambda_json       \
             : LAMBDA_K_JSON, lambda_strs        \
             : LAMBDA_K_STRS, lambda_bytes_list  \
             : LAMBDA_K_BYTES_LIST, lambda_map   \
             : LAMBDA_K_MAP, lambda_opt_i64      \
             : LAMBDA_K_OPT_I64, lambda_opt_bool \
             : LAMBDA_K_OPT_BOOL)
#define LAMBDA_SUB_(S, m, T)  _Generic(((struct S *)0)->m, struct T : 0)
#define LAMBDA_ITEM_(S, m, T) _Generic(((struct S *)0)->m.ptr, const struct T * : 0)
#define LAMBDA_VALUE_(S, m, T) \
    _Generic(&((struct S *)0)->m.ptr->value, struct T * : 0, const struct T * : 0)
#endif

#define LAMBDA_ROW_(S, m, json, kind, flags, sub, check)     \
    {                                                        \
        json, (uint16_t)(sizeof(json) - 1), kind, flags,     \
            (uint32_t)(offsetof(struct S, m) + (check)), sub \
    }

/* Rows of LAMBDA_TYPE: a plain member, an alias of one, a nested struct T, an array of struct T, an
 * object whose values are struct T. A wrong member type does not compile. */
#define LAMBDA_F(S, m, json) LAMBDA_ROW_(S, m, json, LAMBDA_KIND_(S, m), 0, 0, 0)
#define LAMBDA_ALIAS(S, m, json) \
    LAMBDA_ROW_(S, m, json, LAMBDA_KIND_(S, m), LAMBDA_FIELD_ALIAS, 0, 0)
#define LAMBDA_OBJ(S, m, json, T) \
    LAMBDA_ROW_(S, m, json, LAMBDA_K_OBJ, 0, &T##_type, LAMBDA_SUB_(S, m, T))
#define LAMBDA_LISTOF(S, m, json, T) \
    LAMBDA_ROW_(S, m, json, LAMBDA_K_LIST, 0, &T##_type, LAMBDA_ITEM_(S, m, T))
#define LAMBDA_MAPOF(S, m, json, T) \
    LAMBDA_ROW_(S, m, json, LAMBDA_K_MAP_LIST, 0, &T##_type, LAMBDA_VALUE_(S, m, T))

/* Describes struct T, which stands directly above: rows in the order of the document, which is the
 * fastest, though any order is read. */
#define LAMBDA_TYPE(T, ...)                                                                   \
    static const struct lambda_field T##_fields_[] = {__VA_ARGS__};                           \
    static __attribute__((unused)) struct lambda_type T##_type = {                            \
        #T, (uint32_t)sizeof(struct T), (uint32_t)(sizeof T##_fields_ / sizeof *T##_fields_), \
        T##_fields_, 0}

#ifdef __cplusplus
extern "C" {
#endif

/* Behind lambda_decode and lambda_encode. */
int lambda_decode_type(lambda_ctx *ctx, struct lambda_type *type, const void *text, size_t len,
                       void *out);
lambda_str lambda_encode_type(lambda_ctx *ctx, struct lambda_type *type, const void *value);

/* JSON text into struct T (see LAMBDA_TYPE): 0, or -1 with lambda_error "InvalidJson" set, which
 * names line and column; also when the document is not an object or memory is short. Absent, null
 * and wrong-typed members become zero values. text is a lambda_str, lambda_json or lambda_bytes and
 * is copied; what out points to lives as long as lambda_alloc's memory. */
#define lambda_decode(ctx, T, text, out) \
    lambda_decode_type(ctx, &T##_type, (text).ptr, (text).len, 1 ? (out) : (struct T *)0)

/* struct T as JSON text in the invocation's memory. Absent members are left out, and with them
 * zeros and false (use lambda_opt_i64 and lambda_opt_bool to write those). Absent when memory is
 * short. */
#define lambda_encode(ctx, T, value) \
    lambda_encode_type(ctx, &T##_type, 1 ? (value) : (const struct T *)0)

/* ---- the module ---------------------------------------------------------------------------- */

enum lambda_mode {
    LAMBDA_M_RAW = 1,  /* int f(lambda_ctx *, lambda_str event) */
    LAMBDA_M_EVENT,    /* int f(lambda_ctx *, const struct T *event), whole event or batch */
    LAMBDA_M_EACH,     /* int f(lambda_ctx *, const struct T *record), once per record */
    LAMBDA_M_INIT,     /* int f(lambda_ctx *), once, before the first event */
    LAMBDA_M_SHUTDOWN, /* int f(lambda_ctx *), before the process ends */
    LAMBDA_M_SNAPSHOT, /* int f(lambda_ctx *), SnapStart: before the snapshot is taken */
    LAMBDA_M_RESTORE,  /* int f(lambda_ctx *), SnapStart: in each copy of it */
};

/* What happens with records that failed. */
enum lambda_partial {
    LAMBDA_P_NONE = 0, /* any failure fails the invocation */
    LAMBDA_P_QUEUE,    /* go on; report failed ids; of a failed group (FIFO) report the rest too */
    LAMBDA_P_STREAM,   /* stop at the first failure and report it: retried from there */
};

typedef void (*lambda_fn)(void);

/* One handler or hook. */
struct lambda_handler {
    const char *event; /* for messages: "SQS batch" */
    /* When it applies: alternatives separated by '|', each with terms joined by '&'; a term is a
     * JSON pointer (present), pointer=text (equal) or !pointer (absent). NULL: any event. */
    const char *match;
    struct lambda_type *type;   /* whole event in M_EVENT, one record in M_EACH */
    struct lambda_type *record; /* type of the records of a batch event, else NULL */
    const char *records;        /* top-level member that holds the records */
    uint32_t records_offset;    /* where the list stands in the event struct */
    uint32_t id_offset;         /* lambda_str in the record: its itemIdentifier */
    uint32_t group_offset;      /* lambda_str in the record: its group, when has_group */
    uint32_t order_offset;      /* lambda_str in the record: absent when its group has no order */
    uint8_t mode;               /* enum lambda_mode */
    uint8_t partial;            /* enum lambda_partial */
    uint8_t has_group;
    uint8_t reserved_;
    lambda_fn fn;
};

/* The object that a module exports; lambda_module is the one that the handler name "file" means,
 * "file.symbol" names another. */
struct lambda_module {
    uint32_t abi, size; /* LAMBDA_ABI, sizeof(struct lambda_module) */
    uint32_t handler_size, nhandlers;
    const struct lambda_handler *handlers;
};

extern __attribute__((visibility("default"))) const struct lambda_module lambda_module;

#ifdef __cplusplus
} /* extern "C" */
template <typename F> inline lambda_fn lambda_fn_(F f)
{
    return reinterpret_cast<lambda_fn>(f);
}
#define LAMBDA_FN_(f, ...) lambda_fn_(static_cast<int (*)(__VA_ARGS__)>(f))
#define LAMBDA_EXTERN_     extern "C"
#else
#define LAMBDA_FN_(f, ...) _Generic((f), int (*)(__VA_ARGS__) : (lambda_fn)(f))
#define LAMBDA_EXTERN_     extern
#endif

#define LAMBDA_HOOK_(mode, f)                                                 \
    {                                                                         \
        0, 0, 0, 0, 0, 0, 0, 0, 0, mode, 0, 0, 0, LAMBDA_FN_(f, lambda_ctx *) \
    }

/* Rows of LAMBDA_MODULE; the event headers add theirs (LAMBDA_SQS_EACH, ...). The first handler
 * that matches an event gets it, so LAMBDA_RAW stands last; its event becomes a lambda_json for
 * lambda_json_get by "lambda_json json = {event.ptr, event.len};". */
#define LAMBDA_RAW(f)                                               \
    {                                                               \
        "any event", 0, 0, 0, 0, 0, 0, 0, 0, LAMBDA_M_RAW, 0, 0, 0, \
            LAMBDA_FN_(f, lambda_ctx *, lambda_str)                 \
    }
/* A hook that fails in init ends the process: nothing is invoked. With a shutdown hook the runtime
 * registers an internal extension, since Lambda announces the end (SIGTERM, then 500 ms, or 300
 * where there are external extensions) only to functions that have one; lambda_remaining_ms tells
 * what is left of that. Never rely on it all the same. */
#define LAMBDA_INIT(f)     LAMBDA_HOOK_(LAMBDA_M_INIT, f)
#define LAMBDA_SHUTDOWN(f) LAMBDA_HOOK_(LAMBDA_M_SHUTDOWN, f)
/* SnapStart: BEFORE_SNAPSHOT runs after init, the last one first: close connections, drop secrets.
 * AFTER_RESTORE runs in every environment that is made of the snapshot, the first one first: open
 * connections, seed random numbers anew, read the clock again. Credentials are no longer in
 * AWS_ACCESS_KEY_ID and its like there: fetch them from AWS_CONTAINER_CREDENTIALS_FULL_URI with the
 * value of AWS_CONTAINER_AUTHORIZATION_TOKEN as header Authorization, or let an AWS SDK do so. A
 * failure ends the environment.
 *
 * Managed Instances: the same two run around the fork by which one initialised process becomes the
 * workers that answer several events at a time, BEFORE_SNAPSHOT once before it, AFTER_RESTORE in
 * every worker. INIT and SHUTDOWN run once, in the process that all workers come from; its threads
 * are in none of them. */
#define LAMBDA_BEFORE_SNAPSHOT(f) LAMBDA_HOOK_(LAMBDA_M_SNAPSHOT, f)
#define LAMBDA_AFTER_RESTORE(f)   LAMBDA_HOOK_(LAMBDA_M_RESTORE, f)

/* Defines the module. LAMBDA_MODULE_AS(name, ...) defines one under another symbol. */
#define LAMBDA_MODULE_AS(symbol, ...)                                                        \
    static const struct lambda_handler symbol##_handlers_[] = {__VA_ARGS__};                 \
    LAMBDA_EXTERN_ __attribute__((visibility("default"))) const struct lambda_module symbol; \
    const struct lambda_module symbol = {                                                    \
        LAMBDA_ABI, (uint32_t)sizeof(struct lambda_module),                                  \
        (uint32_t)sizeof(struct lambda_handler),                                             \
        (uint32_t)(sizeof symbol##_handlers_ / sizeof *symbol##_handlers_), symbol##_handlers_}
#define LAMBDA_MODULE(...) LAMBDA_MODULE_AS(lambda_module, __VA_ARGS__)
