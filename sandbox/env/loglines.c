/* SPDX-License-Identifier: Apache-2.0 */
#include "env/loglines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* No version of a real runtime: AWS counts from 1 and its hashes are never all zero. */
#define RUNTIME_VERSION ".v0"
#define RUNTIME_HASH    "0000000000000000000000000000000000000000000000000000000000000000"

static const char *const phase_names[] = {
    [LOGLINES_PHASE_INIT] = "init",
    [LOGLINES_PHASE_INVOKE] = "invoke",
};

static const struct {
    const char *name;
    bool in_text; /* the text form names it */
} statuses[] = {
    [LOGLINES_SUCCESS] = {"success", false},
    [LOGLINES_HANDLED] = {"error", false},
    [LOGLINES_ERROR] = {"error", true},
    [LOGLINES_TIMEOUT] = {"timeout", true},
};

static bool is_json(const struct loglines *l)
{
    return l->settings->log == SETTINGS_LOG_JSON;
}

int64_t loglines_billed_ms(const struct report *r)
{
    int64_t us = r->duration_us + (r->init_us > 0 ? r->init_us : 0);
    return (us + 999) / 1000;
}

/* "0.87": milliseconds with two decimals. */
static void add_ms(struct buf *out, int64_t us)
{
    buf_addf(out, "%.2f", (double)us / 1000.0);
}

/* A JSON number of milliseconds with up to three decimals. */
static void add_json_ms(struct buf *out, const char *name, int64_t us)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64 ".%03d", us / 1000, (int)(us % 1000));
    while (text[n - 1] == '0')
        text[--n] = '\0';
    if (text[n - 1] == '.')
        text[n - 1] = '\0';
    buf_addf(out, "\"%s\":%s", name, text);
}

static void add_json(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "\"%s\":", name);
    buf_add_json_string(out, value, strlen(value));
}

/* {"time":...,"type":"platform.X","record":{ */
static void json_begin(struct buf *out, int64_t now_ms, const char *type)
{
    char day[32];
    struct tm tm;
    time_t seconds = (time_t)(now_ms / 1000);
    gmtime_r(&seconds, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_addf(out, "{\"time\":\"%s.%03dZ\",\"type\":\"platform.%s\",\"record\":{", day,
             (int)(now_ms % 1000), type);
}

static void json_end(struct buf *out)
{
    buf_adds(out, "}}\n");
}

static void add_runtime_version(const struct loglines *l, struct buf *out)
{
    buf_addf(out, "%s" RUNTIME_VERSION, l->settings->profile->runtime);
}

static void add_runtime_arn(const struct loglines *l, struct buf *out)
{
    buf_addf(out, "arn:aws:lambda:%s::runtime:" RUNTIME_HASH, l->settings->region);
}

static void init_start_json(const struct loglines *l, int64_t now_ms, enum loglines_phase phase,
                            struct buf *out)
{
    json_begin(out, now_ms, "initStart");
    buf_addf(out, "\"initializationType\":\"on-demand\",\"phase\":\"%s\",\"runtimeVersion\":\"",
             phase_names[phase]);
    add_runtime_version(l, out);
    buf_adds(out, "\",\"runtimeVersionArn\":\"");
    add_runtime_arn(l, out);
    buf_adds(out, "\",");
    add_json(out, "functionName", l->settings->name);
    buf_addc(out, ',');
    add_json(out, "functionVersion", l->settings->version);
    buf_addc(out, ',');
    add_json(out, "instanceId", l->log_stream);
    buf_addf(out, ",\"instanceMaxMemory\":%lld", (long long)l->settings->memory_mb << 20);
    json_end(out);
}

void loglines_init_start(const struct loglines *l, int64_t now_ms, enum loglines_phase phase,
                         struct buf *out)
{
    if (is_json(l)) {
        init_start_json(l, now_ms, phase, out);
        return;
    }
    if (phase != LOGLINES_PHASE_INIT)
        return; /* the text log has one for each environment, not for each init */
    buf_adds(out, "INIT_START Runtime Version: ");
    add_runtime_version(l, out);
    buf_adds(out, "\tRuntime Version ARN: ");
    add_runtime_arn(l, out);
    buf_addc(out, '\n');
}

void loglines_start(const struct loglines *l, int64_t now_ms, const char *request_id,
                    struct buf *out)
{
    if (!is_json(l)) {
        buf_addf(out, "START RequestId: %s Version: %s\n", request_id, l->settings->version);
        return;
    }
    char arn[SETTINGS_ARN_SIZE];
    settings_arn(l->settings, arn);
    json_begin(out, now_ms, "start");
    add_json(out, "requestId", request_id);
    buf_addc(out, ',');
    add_json(out, "functionArn", arn);
    buf_addc(out, ',');
    add_json(out, "version", l->settings->version);
    json_end(out);
}

static void add_json_status(struct buf *out, enum loglines_status status, const char *error_type)
{
    buf_addf(out, "\"status\":\"%s\"", statuses[status].name);
    if (error_type && status != LOGLINES_TIMEOUT) {
        buf_addc(out, ',');
        add_json(out, "errorType", error_type);
    }
}

/* What tells about success is below the default log level, so only failures have a runtimeDone. */
static void runtime_done_json(int64_t now_ms, const struct report *r, struct buf *out)
{
    if (!statuses[r->status].in_text)
        return;
    json_begin(out, now_ms, "runtimeDone");
    add_json(out, "requestId", r->request_id);
    buf_addc(out, ',');
    add_json_status(out, r->status, r->error_type);
    buf_adds(out, ",\"metrics\":{");
    add_json_ms(out, "durationMs", r->duration_us);
    buf_addc(out, '}');
    json_end(out);
}

static void report_json(int64_t now_ms, const struct report *r, struct buf *out)
{
    json_begin(out, now_ms, "report");
    add_json(out, "requestId", r->request_id);
    buf_adds(out, ",\"metrics\":{");
    add_json_ms(out, "durationMs", r->duration_us);
    buf_addf(out, ",\"billedDurationMs\":%" PRId64 ",\"memorySizeMB\":%u,\"maxMemoryUsedMB\":%u",
             loglines_billed_ms(r), r->memory_mb, r->max_memory_mb);
    if (r->init_us >= 0) {
        buf_addc(out, ',');
        add_json_ms(out, "initDurationMs", r->init_us);
    }
    buf_adds(out, "},");
    add_json_status(out, r->status, r->error_type);
    json_end(out);
}

static void add_text_status(struct buf *out, enum loglines_status status, const char *error_type)
{
    buf_addf(out, "Status: %s", statuses[status].name);
    if (error_type && status != LOGLINES_TIMEOUT)
        buf_addf(out, "\tError Type: %s", error_type);
}

void loglines_report(const struct loglines *l, int64_t now_ms, const struct report *r,
                     struct buf *out)
{
    if (is_json(l)) {
        runtime_done_json(now_ms, r, out);
        report_json(now_ms, r, out);
        return;
    }
    buf_addf(out, "END RequestId: %s\nREPORT RequestId: %s\tDuration: ", r->request_id,
             r->request_id);
    add_ms(out, r->duration_us);
    buf_addf(out,
             " ms\tBilled Duration: %" PRId64 " ms\tMemory Size: %u MB\tMax Memory Used: %u MB\t",
             loglines_billed_ms(r), r->memory_mb, r->max_memory_mb);
    if (r->init_us >= 0) {
        buf_adds(out, "Init Duration: ");
        add_ms(out, r->init_us);
        buf_adds(out, " ms\t");
    }
    if (statuses[r->status].in_text)
        add_text_status(out, r->status, r->error_type);
    buf_addc(out, '\n');
}

static void init_report_json(int64_t now_ms, enum loglines_phase phase, int64_t init_us,
                             enum loglines_status status, const char *error_type, struct buf *out)
{
    static const char *const types[] = {"initRuntimeDone", "initReport"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        json_begin(out, now_ms, types[i]);
        buf_addf(out, "\"initializationType\":\"on-demand\",\"phase\":\"%s\",", phase_names[phase]);
        add_json_status(out, status, error_type);
        if (i == 1) {
            buf_adds(out, ",\"metrics\":{");
            add_json_ms(out, "durationMs", init_us);
            buf_addc(out, '}');
        }
        json_end(out);
    }
}

void loglines_init_report(const struct loglines *l, int64_t now_ms, enum loglines_phase phase,
                          int64_t init_us, enum loglines_status status, const char *error_type,
                          struct buf *out)
{
    if (is_json(l)) {
        init_report_json(now_ms, phase, init_us, status, error_type, out);
        return;
    }
    buf_adds(out, "INIT_REPORT Init Duration: ");
    add_ms(out, init_us);
    buf_addf(out, " ms\tPhase: %s\t", phase_names[phase]);
    add_text_status(out, status, error_type);
    buf_addc(out, '\n');
}
