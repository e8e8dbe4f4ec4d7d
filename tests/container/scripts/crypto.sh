# SPDX-License-Identifier: BSD-2-Clause
# openssl: digests, ciphers, keys; vector instructions all the while. Figures of speed are not compared.
seq 1 100000 > data
for digest in md5 sha1 sha256 sha512 sha3-256 blake2b512; do openssl dgst -$digest data; done
for cipher in aes-128-cbc aes-256-ctr aes-256-cbc chacha20 camellia-256-cbc; do
    openssl enc -$cipher -K 00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in data -out e 2> /dev/null
    sha256sum e | cut -c1-16
    openssl enc -d -$cipher -K 00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in e 2> /dev/null |
        cmp - data && echo $cipher
done
openssl enc -aes-256-cbc -pbkdf2 -iter 2000 -S 0011223344556677 -pass pass:x -in data | sha256sum
openssl genpkey -algorithm ed25519 -out key 2> /dev/null && openssl pkey -in key -pubout -out public
openssl pkeyutl -sign -rawin -inkey key -in data -out signature && openssl pkeyutl -verify -rawin -pubin -inkey public \
    -in data -sigfile signature
openssl genrsa -out rsa 2048 2> /dev/null && openssl rsa -in rsa -check -noout
openssl req -new -x509 -key rsa -subj /CN=x -days 10 -out certificate && openssl verify -CAfile certificate certificate
openssl prime 1000003
openssl speed -seconds 1 -bytes 8192 sha256 2> /dev/null | grep -c '^sha256'
openssl speed -seconds 1 -bytes 8192 -evp aes-128-gcm -multi 2 2> /dev/null | grep -ci gcm
openssl rand 1000 | wc -c
