# Runs a function, and runs it again when something has killed it, as Lambda starts another one. `cargo lambda watch`
# does not notice. A function that ends by itself, or is asked to end (143), has ended.
while :; do
    "$@"
    code=$?
    case $code in
        132 | 134 | 135 | 136 | 137 | 139) echo "$1 was killed (status $code) and is started again" >&2 ;;
        *) exit "$code" ;;
    esac
    sleep 1
done
