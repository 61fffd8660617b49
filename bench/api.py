"""Asks for every list of the API again and again; see api.sh."""

import datetime
import http.client
import json
import sys
import time
import urllib.parse


def main():
    url, key_file, rounds = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with open(key_file, encoding="ascii") as file:
        headers = {"Authorization": "Bearer " + file.read().strip()}
    api = http.client.HTTPConnection(url.hostname, url.port)

    def get(route):
        api.request("GET", "/api/v1/" + route, headers=headers)
        answer = api.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{route}: {answer.status} {body[:200]!r}")
        return body

    teams = json.loads(get("teams"))["data"]
    biggest = max(teams, key=lambda team: len(team["tokens"]))
    token = biggest["tokens"][0]
    deep = json.loads(get("tokens?limit=1000"))["next"]
    month = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)).date()
    routes = [
        "teams", f"teams/{biggest['team_id']}", f"teams/{biggest['team_id']}/tokens",
        "tokens", "tokens?limit=1000", f"tokens?limit=1000&cursor={deep}", f"tokens?team_id={biggest['team_id']}", "tokens?state=revoked",
        f"tokens/{token['token_id']}", f"tokens/{token['token_id']}/sessions", "ports", "ports?limit=1000", "sessions", "sessions?limit=1000",
        "connections", "connections?limit=1000", f"connections?team_id={biggest['team_id']}", f"connections?port={token['port']}",
        "connections?status=error", "connections?status=timeout", "restoration", "stats", "stats/daily", f"stats/daily?from={month}", f"stats/daily?team_id={biggest['team_id']}",
        "settings", "keys", "audit", "audit?action=token.create", "health", "version",
    ]
    print(f"{'route':72}{'p50 ms':>8}{'p99 ms':>8}{'bytes':>10}")
    for route in routes:
        for _ in range(20):
            size = len(get(route))
        times = []
        for _ in range(rounds):
            started = time.perf_counter()
            get(route)
            times.append((time.perf_counter() - started) * 1000)
        times.sort()
        print(f"{route:72}{times[rounds // 2]:8.1f}{times[(rounds - 1) * 99 // 100]:8.1f}{size:10}")


main()
