/* SPDX-License-Identifier: Apache-2.0 */
/* What a test's helper in a file of its own does. */
#include "check.h"

void elsewhere_fail(void);
void elsewhere_skip(void);

void elsewhere_fail(void)
{
    CHECK_INT(1, 2);
}

void elsewhere_skip(void)
{
    check_skip("as an example");
}
