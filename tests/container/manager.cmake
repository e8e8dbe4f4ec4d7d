# SPDX-License-Identifier: BSD-2-Clause
# The manager, images and terminals; each test has a manager of its own.
foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs" "ptrace:--engine=ptrace")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    list(GET parts 1 options)
    foreach(test manager image overlay begin cpu)
        add_test(NAME container/${test}/${name}
                 COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${test}.py $<TARGET_FILE:selkie> ${options}
                         $<TARGET_FILE_DIR:container_hello>)
        set_tests_properties(container/${test}/${name} PROPERTIES TIMEOUT 400)
    endforeach()
    foreach(test commands exec shm proc)
        add_test(NAME container/${test}/${name}
                 COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${test}.py $<TARGET_FILE:selkie> ${options})
        set_tests_properties(container/${test}/${name} PROPERTIES TIMEOUT 300)
    endforeach()
    add_test(NAME container/terminal/${name}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/terminal.py $<TARGET_FILE:selkie> ${options})
    set_tests_properties(container/terminal/${name} PROPERTIES TIMEOUT 200)
endforeach()
