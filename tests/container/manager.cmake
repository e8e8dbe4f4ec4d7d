# SPDX-License-Identifier: BSD-2-Clause
# The manager, images and terminals; each test has a manager of its own. On ptrace with MCS, what differs there shows in
# a few.
foreach(test manager image overlay begin cpu fair memory)
    set(variants direct direct-mcs ptrace)
    if(test STREQUAL "manager")
        list(APPEND variants ptrace-mcs)
    endif()
    selkie_container_tests(${test} ${test}.py VARIANTS ${variants} ARGUMENTS $<TARGET_FILE_DIR:container_hello>
                           TIMEOUT 400)
endforeach()
foreach(test commands exec shm hangup lost proc terminal)
    set(variants direct direct-mcs ptrace)
    if(test MATCHES "^(exec|terminal)$")
        list(APPEND variants ptrace-mcs)
    endif()
    selkie_container_tests(${test} ${test}.py VARIANTS ${variants})
endforeach()
