/* SPDX-License-Identifier: Apache-2.0 */
/* The library that is not there at run time. */
int gone(void);

int gone(void)
{
    return 0;
}
