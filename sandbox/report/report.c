/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *end;
    report_fn write;
} kinds[] = {
    {".html", report_html},
    {".xml", report_xml},
    {".json", report_json},
};

report_fn report_find(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t end = strlen(kinds[i].end);
        if (len > end && strcasecmp(path + len - end, kinds[i].end) == 0)
            return kinds[i].write;
    }
    return NULL;
}
