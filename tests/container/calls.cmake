# SPDX-License-Identifier: BSD-2-Clause
# The differential test of system calls: one small program for each theme, natively and in a container.
set(call_programs "")
file(GLOB call_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/programs/calls/*.c)
foreach(source ${call_sources})
    get_filename_component(theme ${source} NAME_WE)
    add_executable(calls_${theme} ${source})
    target_compile_definitions(calls_${theme} PRIVATE _GNU_SOURCE)
    target_compile_options(calls_${theme} PRIVATE -fno-sanitize=all -O0)
    target_link_options(calls_${theme} PRIVATE -fno-sanitize=all -static)
    target_link_libraries(calls_${theme} PRIVATE Threads::Threads)
    list(APPEND call_programs $<TARGET_FILE:calls_${theme}>)
endforeach()
selkie_container_tests(calls calls.py VARIANTS direct ptrace-mcs ARGUMENTS plain ${call_programs})
selkie_container_tests(calls/overlay calls.py VARIANTS direct ptrace-mcs ARGUMENTS overlay ${call_programs})
selkie_container_tests(given given.py VARIANTS direct ptrace-mcs)

# Shell scripts with Debian's programs, each at a little real work.
foreach(script tools shells git sqlite compile python archives editors crypto many)
    selkie_container_tests(scripts/${script} scripts.py VARIANTS direct direct-mcs ARGUMENTS ${script})
endforeach()

add_executable(container_escape programs/escape.c)
target_compile_definitions(container_escape PRIVATE _GNU_SOURCE)
target_compile_options(container_escape PRIVATE -fno-sanitize=all -O1)
target_link_options(container_escape PRIVATE -fno-sanitize=all -static)
selkie_container_tests(isolation isolation.py VARIANTS direct ptrace-mcs
                       ARGUMENTS $<TARGET_FILE_DIR:container_escape>)

selkie_container_tests(servers servers.py VARIANTS direct MAY_SKIP)
selkie_container_tests(loss loss.py VARIANTS direct ptrace ARGUMENTS 4 MAY_SKIP)
selkie_container_tests(ten ten.py VARIANTS direct direct-mcs MAY_SKIP)
selkie_container_tests(soak soak.py VARIANTS direct direct-mcs ARGUMENTS 60 TIMEOUT 400)
selkie_container_tests(web web.py VARIANTS direct direct-mcs MAY_SKIP)

if(NOT SELKIE_SANITIZE) # whose run-time library makes calls of its own, and does not bear being traced
    add_test(NAME container/host-calls
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/host_calls.py $<TARGET_FILE:selkie> ${PROJECT_SOURCE_DIR})
    set_tests_properties(container/host-calls PROPERTIES TIMEOUT 300)
endif()
