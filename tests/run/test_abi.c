/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which ABI an image is taken for: prints the name and the sources for IMAGE [--abi NAME] [--kernel-config FILE],
 * or the refusal. abi_images.py makes the images and compares.
 */
#include <stdio.h>
#include <string.h>

#include "run/abi_name.h"
#include "run/abi_select.h"

static const char *argument(int count, char **arguments, const char *name)
{
    for (int i = 2; i + 1 < count; i++) {
        if (strcmp(arguments[i], name) == 0) {
            return arguments[i + 1];
        }
    }
    return NULL;
}

int main(int count, char **arguments)
{
    static struct abi_choice choice;
    struct diag diag = {0};
    struct image image;
    char name[ABI_NAME_SIZE];
    if (count < 2 || image_open(&image, arguments[1], &diag) != 0) {
        printf("refused: %s\n", diag.text);
        return 1;
    }
    int error = abi_select(&choice, &image, argument(count, arguments, "--abi"),
                           argument(count, arguments, "--kernel-config"), &diag);
    abi_name_format(name, &choice.config);
    if (error) {
        printf("refused %s\n", name);
    } else {
        printf("%s%s cnode %u%s%s\n", name, choice.config.is_printing ? " printing" : "",
               choice.config.root_cnode_bits, choice.config.has_vtx ? " vtx" : "",
               choice.doubt[0] ? " doubt" : "");
    }
    image_close(&image);
    return 0;
}
