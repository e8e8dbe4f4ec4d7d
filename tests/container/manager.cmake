# SPDX-License-Identifier: BSD-2-Clause
# The manager, images and terminals; each test has a manager of its own.
foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs" "ptrace:--engine=ptrace"
        "ptrace-mcs:--engine=ptrace,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    set(with_programs manager image overlay begin cpu memory)
    set(plain commands exec shm hangup lost proc terminal)
    if(name STREQUAL "ptrace-mcs") # what differs there shows in these
        set(with_programs manager)
        set(plain exec terminal)
    endif()
    foreach(test ${with_programs})
        add_test(NAME container/${test}/${name}
                 COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${test}.py $<TARGET_FILE:selkie> ${options}
                         $<TARGET_FILE_DIR:container_hello>)
        set_tests_properties(container/${test}/${name} PROPERTIES TIMEOUT 400)
    endforeach()
    foreach(test ${plain})
        add_test(NAME container/${test}/${name}
                 COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${test}.py $<TARGET_FILE:selkie> ${options})
        set_tests_properties(container/${test}/${name} PROPERTIES TIMEOUT 300)
    endforeach()
endforeach()
