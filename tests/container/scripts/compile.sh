# SPDX-License-Identifier: BSD-2-Clause
# A C compiler: compile, link, run; make.
export TMPDIR="$PWD"
cat > hello.c <<'X'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **arguments)
{
    printf("%s %d %.3f\n", arguments[count - 1], count, sqrt(atof(arguments[1])));
    return 3;
}
X
gcc -O2 -Wall -o hello hello.c -lm && ./hello 2 x
echo $?
printf 'all: a.o b.o\n\tgcc -o all a.o b.o\n' > Makefile
echo 'int b(void); int main(void) { return b(); }' > a.c
echo 'int b(void) { return 5; }' > b.c
make -s -j2 && ./all
echo $?
gcc -c missing.c 2>&1 | head -1
