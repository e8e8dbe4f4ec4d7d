# SPDX-License-Identifier: BSD-2-Clause
# selkie_container_tests(NAME SCRIPT VARIANTS variant... [ARGUMENTS word...] [TIMEOUT seconds] [MAY_SKIP])
# container/NAME/VARIANT for each variant: SCRIPT of this folder with selkie, the variant's options and the arguments. A
# variant is an engine, and -mcs behind it says on which kernel. MAY_SKIP: what it needs need not be installed.
#
# With sanitizers, what direct shows with MCS is left to the others: there the kernel is the pad's, without sanitizers,
# and the rest is the same for both kernels.
function(selkie_container_tests name script)
    cmake_parse_arguments(PARSE_ARGV 2 test "MAY_SKIP" "TIMEOUT" "VARIANTS;ARGUMENTS")
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 300)
    endif()
    foreach(variant ${test_VARIANTS})
        if(SELKIE_SANITIZE AND variant STREQUAL "direct-mcs")
            continue()
        endif()
        string(REGEX REPLACE "-mcs$" ",--mcs" options "--engine=${variant}")
        add_test(NAME container/${name}/${variant}
                 COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${script} $<TARGET_FILE:selkie> ${options}
                         ${test_ARGUMENTS})
        set_tests_properties(container/${name}/${variant} PROPERTIES TIMEOUT ${test_TIMEOUT})
        if(test_MAY_SKIP)
            set_tests_properties(container/${name}/${variant} PROPERTIES SKIP_RETURN_CODE 77)
        endif()
    endforeach()
endfunction()
