/* SPDX-License-Identifier: Apache-2.0 */
/* Two libraries of one function for test_closure.c, one needing the other. */
int closure_leaf(void);

#ifdef CLOSURE_MIDDLE
int closure_middle(void);

int closure_middle(void)
{
    return closure_leaf();
}
#else
int closure_leaf(void)
{
    return 1;
}
#endif
