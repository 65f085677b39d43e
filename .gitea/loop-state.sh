#!/bin/sh
# Keeps the memory of the loop, the folder .loop, on the branch loop-state of this repository.
#
#   sh loop-state.sh load   before the jobs: what the branch holds comes into the folder
#   sh loop-state.sh save   after them, in a step that always runs: the folder goes to the branch
#
# The branch has no history and no other files: it is one commit, made anew each time and pushed with
# --force-with-lease, so that who was faster is never overwritten: what they left is put together with
# ours (`kaizen loop-merge`) and pushed again, five times at most. Where a push is refused for good (a
# fork, a protected branch, a token that may only read) it warns and ends with 0: the jobs have done
# their work, and the next run begins with what the branch holds.
#
# It reads LOOP_DIR (.loop), LOOP_REMOTE (origin; an address too), LOOP_BRANCH (loop-state). It needs git,
# kaizen and a POSIX shell, and in CI a checkout, or LOOP_REMOTE with a token in git's configuration.
set -eu

dir="${LOOP_DIR:-.loop}"
remote="${LOOP_REMOTE:-origin}"
branch="${LOOP_BRANCH:-loop-state}"
tries=5

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export GIT_TERMINAL_PROMPT=0

warn() {
  if [ -n "${GITHUB_ACTIONS:-}${GITEA_ACTIONS:-}${FORGEJO_ACTIONS:-}" ]; then
    echo "::warning::$1"
  else
    echo "warning: $1" >&2
  fi
}

# Objects of ours go into a repository of their own: no checkout is touched, and none is needed.
repo="$work/repo.git"
git init --quiet --bare "$repo"
url="$(git remote get-url "$remote" 2> /dev/null || echo "$remote")"
# A checkout of CI keeps its token in its own configuration.
git config --local --get-regexp '^http\..*\.extraheader$' 2> /dev/null | while read -r key value; do
  git --git-dir="$repo" config "$key" "$value"
done
g() { git --git-dir="$repo" "$@"; }

# The commit of the branch into $base, empty where there is none; its files into $1.
fetch() {
  base=""
  rm -rf "$1"
  mkdir -p "$1"
  listed="$(g ls-remote "$url" "refs/heads/$branch")" || return 1
  base="$(printf '%s' "$listed" | cut -f1)"
  [ -n "$base" ] || return 0
  g fetch --quiet --depth=1 "$url" "+refs/heads/$branch:refs/kaizen/$branch" || return 1
  # Somebody may have pushed between the two.
  base="$(g rev-parse "refs/kaizen/$branch")"
  g archive "$base" | tar -x -f - -C "$1"
}

load() {
  if ! fetch "$work/theirs"; then
    warn "the branch $branch cannot be read: this run begins without the memory of the loop"
    return 0
  fi
  mkdir -p "$dir"
  kaizen loop-merge "$dir" "$work/theirs"
}

# One commit without a parent, of the folder as it is now.
commit() {
  GIT_INDEX_FILE="$work/index"
  export GIT_INDEX_FILE
  rm -f "$GIT_INDEX_FILE"
  # What locks and half-written files are is no memory.
  (cd "$dir" && git --git-dir="$repo" --work-tree=. add --all --force -- . ':(exclude)*lock' ':(exclude,glob)**/.*.tmp')
  tree="$(g write-tree)"
  unset GIT_INDEX_FILE
  g -c user.name=kaizen -c user.email=kaizen@localhost commit-tree "$tree" -m "The memory of the loop"
}

save() {
  [ -d "$dir" ] || return 0
  try=1
  while [ "$try" -le "$tries" ]; do
    if ! fetch "$work/theirs"; then
      warn "the branch $branch cannot be reached: the memory of this run is not kept"
      return 0
    fi
    before="$base"
    [ -z "$base" ] || kaizen loop-merge "$dir" "$work/theirs"
    ours="$(commit)"
    # Nothing has changed but the time of the commit.
    if [ -n "$base" ] && [ "$(g rev-parse "$base^{tree}")" = "$(g rev-parse "$ours^{tree}")" ]; then
      return 0
    fi
    if g push --quiet --force-with-lease="refs/heads/$branch:$base" "$url" "$ours:refs/heads/$branch" 2> "$work/why"; then
      return 0
    fi
    # Was somebody faster, or may we not write at all?
    now="$(g ls-remote "$url" "refs/heads/$branch" | cut -f1)" || now="$before"
    if [ "$now" = "$before" ]; then
      sed 's/^/  /' "$work/why" >&2
      warn "the push to $branch was refused: the memory of this run is not kept. The job needs contents: write, and the branch must not be protected."
      return 0
    fi
    # A wait that two runs do not share.
    sleep "$(awk -v try="$try" -v pid="$$" 'BEGIN { srand(pid + try); printf "%.2f", try * (0.2 + rand()) }')"
    try=$((try + 1))
  done
  warn "$tries others were faster: the memory of this run is not kept"
}

case "${1:-}" in
  load) load ;;
  save) save ;;
  *)
    echo "usage: sh loop-state.sh load|save" >&2
    exit 2
    ;;
esac
