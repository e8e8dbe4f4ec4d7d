# SPDX-License-Identifier: BSD-2-Clause
# sqlite3: rollback journal and write-ahead log, two processes at once, a lock that is waited for.
sqlite3 a.db 'create table t(x integer primary key, y text); begin; insert into t(y) values ("a"),("b"); commit;
select * from t; pragma integrity_check;'
sqlite3 a.db 'pragma journal_mode=wal; insert into t(y) values ("c"); select count(*) from t;'
ls a.db
await() {
    while [ ! -e "$1" ]; do sleep 0.05; done
}
( echo 'begin immediate; insert into t(y) values ("slow");'; echo '.shell touch locked'; await waits; sleep 0.3;
    echo 'commit;' ) | sqlite3 a.db &
await locked
sqlite3 a.db 'insert into t(y) values ("busy");' 2>&1 | grep -c locked
sqlite3 -cmd '.timeout 30000' -cmd '.shell touch waits' a.db 'insert into t(y) values ("waited"); select y from t order by x;'
wait
sqlite3 a.db 'pragma journal_mode=delete; select count(*) from t;'
rm locked waits
( echo 'begin exclusive; insert into t(y) values ("slow");'; echo '.shell touch locked'; await asked;
    echo 'commit;' ) | sqlite3 a.db &
await locked
sqlite3 a.db 'select count(*) from t;' 2>&1 | grep -c locked
touch asked
wait
sqlite3 a.db 'with recursive c(n) as (select 1 union all select n+1 from c where n < 3000) insert into t(y) select n from c;
select count(*), sum(length(y)) from t; delete from t where x % 2; vacuum; pragma integrity_check;'
