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
foreach(variant "direct:--engine=direct" "ptrace-mcs:--engine=ptrace,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/calls/${name}
             COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/calls.py $<TARGET_FILE:selkie> ${options} plain
                     ${call_programs})
    set_tests_properties(container/calls/${name} PROPERTIES TIMEOUT 300)
    add_test(NAME container/calls/overlay/${name}
             COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/calls.py $<TARGET_FILE:selkie> ${options} overlay
                     ${call_programs})
    set_tests_properties(container/calls/overlay/${name} PROPERTIES TIMEOUT 300)
endforeach()

foreach(variant "direct:--engine=direct" "ptrace-mcs:--engine=ptrace,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/given/${name}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/given.py $<TARGET_FILE:selkie> ${options})
    set_tests_properties(container/given/${name} PROPERTIES TIMEOUT 300)
endforeach()

# Shell scripts with Debian's programs, each at a little real work.
foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    foreach(script tools shells git sqlite compile python archives editors crypto many)
        add_test(NAME container/scripts/${script}/${name}
                 COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/scripts.py $<TARGET_FILE:selkie> ${options} ${script})
        set_tests_properties(container/scripts/${script}/${name} PROPERTIES TIMEOUT 300)
    endforeach()
endforeach()

add_executable(container_escape programs/escape.c)
target_compile_definitions(container_escape PRIVATE _GNU_SOURCE)
target_compile_options(container_escape PRIVATE -fno-sanitize=all -O1)
target_link_options(container_escape PRIVATE -fno-sanitize=all -static)
foreach(variant "direct:--engine=direct" "ptrace-mcs:--engine=ptrace,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/isolation/${name}
             COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/isolation.py $<TARGET_FILE:selkie> ${options}
                     $<TARGET_FILE_DIR:container_escape>)
    set_tests_properties(container/isolation/${name} PROPERTIES TIMEOUT 300)
endforeach()

add_test(NAME container/servers/direct
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/servers.py $<TARGET_FILE:selkie> --engine=direct)
set_tests_properties(container/servers/direct PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)

foreach(engine direct ptrace)
    add_test(NAME container/loss/${engine}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/loss.py $<TARGET_FILE:selkie> --engine=${engine} 4)
    set_tests_properties(container/loss/${engine} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()

foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/ten/${name}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/ten.py $<TARGET_FILE:selkie> ${options})
    set_tests_properties(container/ten/${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()

if(NOT SELKIE_SANITIZE) # whose run-time library makes calls of its own, and does not bear being traced
    add_test(NAME container/host-calls
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/host_calls.py $<TARGET_FILE:selkie> ${PROJECT_SOURCE_DIR})
    set_tests_properties(container/host-calls PROPERTIES TIMEOUT 300)
endif()

foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/soak/${name}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/soak.py $<TARGET_FILE:selkie> ${options} 60)
    set_tests_properties(container/soak/${name} PROPERTIES TIMEOUT 400)
endforeach()

foreach(variant "direct:--engine=direct" "direct-mcs:--engine=direct,--mcs")
    string(REPLACE ":" ";" parts ${variant})
    list(GET parts 0 name)
    if(name IN_LIST not_sanitized)
        continue()
    endif()
    list(GET parts 1 options)
    add_test(NAME container/web/${name}
             COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/web.py $<TARGET_FILE:selkie> ${options})
    set_tests_properties(container/web/${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()
