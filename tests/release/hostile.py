"""Settings of git that people really have, or that somebody wants to break us with; all at once."""

import os
from pathlib import Path

SETTINGS = """\
[user]
    useConfigOnly = true
    signingKey = {folder}/no-such-key
[core]
    hooksPath = {folder}/hooks
    quotePath = true
    fsmonitor = {folder}/hooks/fsmonitor
    untrackedCache = true
    abbrev = 4
    pager = false
    editor = false
    logAllRefUpdates = false
    ignoreStat = true
    commentChar = x
    alternateRefsCommand = false
    sharedRepository = world
    bare = true
    worktree = {folder}/nowhere
    sparseCheckout = true
    useReplaceRefs = true
[safe]
    bareRepository = explicit
[init]
    defaultBranch = odd
    defaultObjectFormat = sha256
    defaultRefFormat = reftable
    templateDir = {folder}/template
[commit]
    gpgSign = true
    template = {folder}/no-such-template
    cleanup = verbatim
[tag]
    gpgSign = true
    forceSignAnnotated = true
    sort = -refname
[push]
    gpgSign = true
    pushOption = ci.skip
    default = nothing
    followTags = true
    recurseSubmodules = only
    negotiate = true
[gpg]
    format = ssh
    program = false
[gpg "ssh"]
    program = false
    allowedSignersFile = {folder}/no-such-signers
[protocol]
    allow = never
[protocol "file"]
    allow = never
[log]
    showSignature = true
    date = human
    mailmap = true
    decorate = full
[status]
    short = true
    branch = true
    showStash = true
    showUntrackedFiles = no
    relativePaths = true
    submoduleSummary = true
[color]
    ui = always
    status = always
[column]
    ui = always
[diff]
    ignoreSubmodules = all
    noprefix = true
    external = false
[fetch]
    fsckObjects = true
    prune = true
    recurseSubmodules = true
    unpackLimit = 1
[transfer]
    fsckObjects = true
    hideRefs = refs/heads
    credentialsInUrl = die
    advertiseSID = true
[receive]
    denyDeletes = true
    denyCurrentBranch = refuse
    hideRefs = refs/heads
    fsckObjects = true
    maxInputSize = 1
[uploadpack]
    hideRefs = refs/heads
    packObjectsHook = false
[i18n]
    logOutputEncoding = UTF-16
    commitEncoding = ISO-8859-1
[alias]
    show = !false
    status = !false
    push = !false
[submodule]
    recurse = true
    active = nothing
[remote]
    pushDefault = nowhere
[remote "origin"]
    mirror = true
[url "{folder}/elsewhere/"]
    insteadOf = nowhere:
[extensions]
    worktreeConfig = true
[index]
    version = 4
    sparse = true
[feature]
    manyFiles = true
    experimental = true
[trace2]
    normalTarget = {folder}/trace
[gc]
    auto = 1
[maintenance]
    auto = true
[rerere]
    enabled = true
[pack]
    packSizeLimit = 1
"""
HOOK = "#!/bin/sh\necho \"$0\" >>'{folder}/hooks-that-ran'\nexit 1\n"
HOOKS = (
    "fsmonitor",
    "pre-push",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "post-index-change",
    "post-checkout",
    "pre-commit",
    "commit-msg",
    "sendemail-validate",
)
# What git exports to aliases and hooks, and variables that bend what it does.
BENDING = {
    "GIT_NAMESPACE": "elsewhere",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_DEFAULT_REF_FORMAT": "reftable",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_PREFIX": "src/",
    "GIT_CONFIG": "/nonexistent",
    "GIT_TRACE": "1",
    "GIT_TRACE_SETUP": "1",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "false",
    "GIT_ATTR_SOURCE": "HEAD",
    "GIT_AUTHOR_DATE": "yesterday",
    "GIT_COMMITTER_NAME": "Nobody",
}


def environment(folder: Path) -> dict[str, str]:
    """Write the settings and the hooks; gives the environment in which git obeys them."""
    for kind in ("hooks", "template/hooks"):
        (folder / kind).mkdir(parents=True)
        for name in HOOKS:
            hook = folder / kind / name
            hook.write_text(HOOK.format(folder=folder))
            hook.chmod(0o755)
    (folder / "gitconfig").write_text(SETTINGS.format(folder=folder))
    return {**BENDING, "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_TEMPLATE_DIR": str(folder / "template")}


def exported(checkout: Path) -> dict[str, str]:
    """What git exports to an alias or a hook in a linked worktree."""
    return {
        "GIT_DIR": str(checkout / ".git"),
        "GIT_WORK_TREE": str(checkout),
        "GIT_INDEX_FILE": str(checkout / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(checkout / ".git" / "objects"),
        "GIT_COMMON_DIR": str(checkout / ".git"),
        "GIT_SHALLOW_FILE": str(checkout / ".git" / "shallow"),
        "GIT_CONFIG_PARAMETERS": "'core.bare=true' 'push.gpgsign=true'",
        "HOME": os.environ.get("HOME", ""),
    }
