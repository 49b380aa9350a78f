/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of a whole command: a program that does nothing. */
int main(void)
{
    return 0;
}
