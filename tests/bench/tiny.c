/* SPDX-License-Identifier: MIT */
/* A program that takes almost no time to start, so that mainly the time of the launcher is measured. */
int main(void)
{
    return 0;
}
