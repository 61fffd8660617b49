#!/usr/bin/env bash
# Makes the files in secrets/ that compose.yaml names, with new passwords; those that are there stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p secrets
umask 077
[[ ! -e secrets/postgres_password ]] || { echo "make-secrets.sh: secrets/postgres_password is there already; nothing was changed." >&2; exit 1; }
postgres=$(openssl rand -hex 24)
redis=$(openssl rand -hex 24)
printf '%s' "$postgres" >secrets/postgres_password
printf 'postgres://rabbit:%s@postgres:5432/rabbit' "$postgres" >secrets/rabbit_database
printf 'redis:6379,password=%s' "$redis" >secrets/rabbit_redis
printf 'requirepass %s\nsave ""\nappendonly no\n' "$redis" >secrets/redis_conf
# Compose mounts files with the owner and mode that they have here, and the programs run as accounts of their own.
chmod 644 secrets/*
chmod 700 secrets
echo "Made secrets/postgres_password, rabbit_database, rabbit_redis and redis_conf."
