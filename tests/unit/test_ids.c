/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/ids.h"

static void test_form(void)
{
    static const unsigned char bytes[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0xff, 0x77,
                                            0xff, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xf0};
    char id[IDS_UUID_SIZE];
    ids_uuid_from(bytes, id);
    CHECK_STR(id, "00112233-4455-4f77-bf99-aabbccddeef0");
}

static void test_random(void)
{
    char a[IDS_UUID_SIZE], b[IDS_UUID_SIZE];
    struct err err = {0};
    CHECK_INT(ids_uuid(a, &err), 0);
    CHECK_INT(ids_uuid(b, &err), 0);
    CHECK(strcmp(a, b) != 0);
    CHECK_INT(strlen(a), 36);
    CHECK_INT(a[14], '4');
}

static void test_is_uuid(void)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        {"00112233-4455-4f77-bf99-aabbccddeef0", true},
        {"00112233-4455-1F77-BF99-AABBCCDDEEF0", true},
        {"00112233-4455-4f77-bf99-aabbccddeef", false},
        {"00112233-4455-4f77-bf99-aabbccddeef01", false},
        {"00112233-4455-4f77-bf99-aabbccddeefg", false},
        {"00112233x4455-4f77-bf99-aabbccddeef0", false},
        {"001122334455-4f77-bf99-aabbccddeef0-", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_INT(ids_is_uuid(cases[i].text), cases[i].is);
}

static void test_log_stream(void)
{
    char name[IDS_LOG_STREAM_SIZE];
    struct err err = {0};
    CHECK_INT(ids_log_stream(1769817599999, name, &err), 0);
    CHECK(strncmp(name, "2026/01/30/[$LATEST]", 20) == 0);
    CHECK_INT(strlen(name), 20 + 32);
    CHECK_INT(strspn(name + 20, "0123456789abcdef"), 32);
    CHECK_INT(ids_log_stream(1769817600000, name, &err), 0);
    CHECK(strncmp(name, "2026/01/31/", 11) == 0);
}

static const struct check_test tests[] = {
    {"form", test_form},
    {"random", test_random},
    {"is_uuid", test_is_uuid},
    {"log_stream", test_log_stream},
};

CHECK_MAIN(tests)
