#!/bin/sh
# As the official image: a bare configuration file or subcommand means the registry's own.
set -e
case "$1" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
