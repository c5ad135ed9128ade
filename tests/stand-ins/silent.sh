# A web server on each port of PORTS that answers any GET.
mkdir -p /tmp/www/api /tmp/www/-
for page in index.html status api/health; do echo '{}' >"/tmp/www/$page"; done
for port in $PORTS; do busybox httpd -p "$port" -h /tmp/www; done
trap 'exit 0' TERM
while :; do sleep 1 & wait; done
