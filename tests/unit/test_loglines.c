/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/loglines.h"

#define ID     "8a5c0f1e-0000-4000-8000-000000000001"
#define STREAM "2026/01/31/[$LATEST]00000000000000000000000000000000"
#define NOW    1769817599007
#define TIME   "2026-01-30T23:59:59.007Z"

static struct settings settings;
static const struct loglines lines = {&settings, STREAM};
static struct buf out;

static void begin(enum settings_log format)
{
    struct err err = {0};
    buf_free(&out);
    buf_init(&out, 1 << 16);
    CHECK_INT(settings_init(&settings, &err), 0);
    CHECK_INT(settings_set_name(&settings, "fn", &err), 0);
    settings.log = format;
}

static const struct {
    struct report report;
    const char *text; /* after "REPORT RequestId: ID\t" */
    const char *json; /* after "requestId":"ID", in the record of platform.report */
} reports[] = {
    {{ID, 3014, 110104, 128, 36, LOGLINES_SUCCESS, NULL},
     "Duration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
     "Init Duration: 110.10 ms\t\n",
     "\"metrics\":{\"durationMs\":3.014,\"billedDurationMs\":114,\"memorySizeMB\":128,"
     "\"maxMemoryUsedMB\":36,\"initDurationMs\":110.104},\"status\":\"success\""},
    {{ID, 3000, LOGLINES_NO_INIT, 128, 36, LOGLINES_SUCCESS, NULL},
     "Duration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n",
     "\"metrics\":{\"durationMs\":3,\"billedDurationMs\":3,\"memorySizeMB\":128,"
     "\"maxMemoryUsedMB\":36},\"status\":\"success\""},
    {{ID, 3000000, 400, 256, 37, LOGLINES_TIMEOUT, "Sandbox.Timedout"},
     "Duration: 3000.00 ms\tBilled Duration: 3001 ms\tMemory Size: 256 MB\tMax Memory Used: 37 MB\t"
     "Init Duration: 0.40 ms\tStatus: timeout\n",
     "\"metrics\":{\"durationMs\":3000,\"billedDurationMs\":3001,\"memorySizeMB\":256,"
     "\"maxMemoryUsedMB\":37,\"initDurationMs\":0.4},\"status\":\"timeout\""},
    {{ID, 1001, LOGLINES_NO_INIT, 128, 128, LOGLINES_ERROR, "Runtime.OutOfMemory"},
     "Duration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t"
     "Status: error\tError Type: Runtime.OutOfMemory\n",
     "\"metrics\":{\"durationMs\":1.001,\"billedDurationMs\":2,\"memorySizeMB\":128,"
     "\"maxMemoryUsedMB\":128},\"status\":\"error\",\"errorType\":\"Runtime.OutOfMemory\""},
    {{ID, 10, LOGLINES_NO_INIT, 128, 1, LOGLINES_HANDLED, "Function.Bad"},
     "Duration: 0.01 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\t\n",
     "\"metrics\":{\"durationMs\":0.01,\"billedDurationMs\":1,\"memorySizeMB\":128,"
     "\"maxMemoryUsedMB\":1},\"status\":\"error\",\"errorType\":\"Function.Bad\""},
};

static void test_report_text(void)
{
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        char want[1024];
        begin(SETTINGS_LOG_TEXT);
        loglines_report(&lines, NOW, &reports[i].report, &out);
        snprintf(want, sizeof want, "END RequestId: " ID "\nREPORT RequestId: " ID "\t%s",
                 reports[i].text);
        CHECK_STR(out.ptr, want);
        settings_fini(&settings);
    }
}

static void test_report_json(void)
{
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        char want[1024];
        begin(SETTINGS_LOG_JSON);
        loglines_report(&lines, NOW, &reports[i].report, &out);
        snprintf(want, sizeof want,
                 "{\"time\":\"" TIME
                 "\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"" ID "\",%s}}\n",
                 reports[i].json);
        const char *last = strstr(out.ptr, "{\"time\":\"" TIME "\",\"type\":\"platform.report\"");
        CHECK_STR(last, want);
        bool done = strstr(out.ptr, "platform.runtimeDone") != NULL;
        CHECK_INT(done, reports[i].report.status >= LOGLINES_ERROR);
        settings_fini(&settings);
    }
}

/* Whole values from real logs. */
static void test_billed(void)
{
    static const struct {
        int64_t duration_us, init_us, billed_ms;
    } rows[] = {
        {1233960, 463512, 1698},  {900000000, 479600, 900480}, {2370, 423980, 427},
        {0, LOGLINES_NO_INIT, 0}, {1, LOGLINES_NO_INIT, 1},    {1000, LOGLINES_NO_INIT, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct report r = {.duration_us = rows[i].duration_us, .init_us = rows[i].init_us};
        CHECK_INT(loglines_billed_ms(&r), rows[i].billed_ms);
    }
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void test_start(void)
{
    begin(SETTINGS_LOG_TEXT);
    loglines_init_start(&lines, NOW, LOGLINES_PHASE_INIT, &out);
    loglines_init_start(&lines, NOW, LOGLINES_PHASE_INVOKE, &out);
    loglines_start(&lines, NOW, ID, &out);
    CHECK_STR(out.ptr, "INIT_START Runtime Version: provided:al2023.v0\tRuntime Version ARN: "
                       "arn:aws:lambda:us-east-1::runtime:" ZEROS "\n"
                       "START RequestId: " ID " Version: $LATEST\n");
    settings_fini(&settings);
    begin(SETTINGS_LOG_JSON);
    loglines_init_start(&lines, NOW, LOGLINES_PHASE_INVOKE, &out);
    loglines_start(&lines, NOW, ID, &out);
    CHECK_STR(
        out.ptr,
        "{\"time\":\"" TIME "\",\"type\":\"platform.initStart\",\"record\":{"
        "\"initializationType\":\"on-demand\",\"phase\":\"invoke\",\"runtimeVersion\":"
        "\"provided:al2023.v0\",\"runtimeVersionArn\":\"arn:aws:lambda:us-east-1::runtime:" ZEROS
        "\",\"functionName\":\"fn\",\"functionVersion\":\"$LATEST\",\"instanceId\":\"" STREAM
        "\",\"instanceMaxMemory\":134217728}}\n"
        "{\"time\":\"" TIME "\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"" ID
        "\",\"functionArn\":\"arn:aws:lambda:us-east-1:123456789012:function:fn\","
        "\"version\":\"$LATEST\"}}\n");
    settings_fini(&settings);
}

static void test_init_report(void)
{
    begin(SETTINGS_LOG_TEXT);
    loglines_init_report(&lines, NOW, LOGLINES_PHASE_INIT, 9999790, LOGLINES_TIMEOUT, "x", &out);
    loglines_init_report(&lines, NOW, LOGLINES_PHASE_INVOKE, 154030, LOGLINES_ERROR,
                         "Runtime.ExitError", &out);
    CHECK_STR(out.ptr, "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n"
                       "INIT_REPORT Init Duration: 154.03 ms\tPhase: invoke\tStatus: error\t"
                       "Error Type: Runtime.ExitError\n");
    settings_fini(&settings);
    begin(SETTINGS_LOG_JSON);
    loglines_init_report(&lines, NOW, LOGLINES_PHASE_INIT, 154030, LOGLINES_ERROR,
                         "Runtime.ExitError", &out);
    CHECK_STR(out.ptr,
              "{\"time\":\"" TIME "\",\"type\":\"platform.initRuntimeDone\",\"record\":{"
              "\"initializationType\":\"on-demand\",\"phase\":\"init\",\"status\":\"error\","
              "\"errorType\":\"Runtime.ExitError\"}}\n"
              "{\"time\":\"" TIME "\",\"type\":\"platform.initReport\",\"record\":{"
              "\"initializationType\":\"on-demand\",\"phase\":\"init\",\"status\":\"error\","
              "\"errorType\":\"Runtime.ExitError\",\"metrics\":{\"durationMs\":154.03}}}\n");
    settings_fini(&settings);
    buf_free(&out);
}

static const struct check_test tests[] = {
    {"report_text", test_report_text}, {"report_json", test_report_json},
    {"billed", test_billed},           {"start", test_start},
    {"init_report", test_init_report},
};

CHECK_MAIN(tests)
