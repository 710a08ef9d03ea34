param(
    [string]$Channel = '',
    [string]$Version = '',
    [string]$InstallDir = '',
    [switch]$NoModifyPath,
    [switch]$Uninstall,
    [switch]$DryRun,
    [switch]$Help,
    [Parameter(ValueFromRemainingArguments = $true)][string[]]$Rest
)

# Puts one version, with the digests of its archives written below, into a folder of this user and on PATH.
# It needs no administrator, and changes nothing until what was downloaded has the right SHA-256 and starts.
# Written for Windows PowerShell 5.1. All of it is one block: a download that was cut short runs nothing.
& {
    $ErrorActionPreference = 'Stop'
    Set-StrictMode -Version 2.0
    # The bar of PowerShell 5.1 makes a download many times slower.
    $ProgressPreference = 'SilentlyContinue'

    # --- what is installed: rendered for one release ------------------------------------------------------

    $Title = 'install.ps1 of iterate 1.3.0-rc.1, channel beta'
    $Name = 'iterate'
    # The file that is the program, and the commands that it goes by: each is a program in its folder.
    $Executable = 'iterate'
    $Commands = @('iterate')
    $ThisVersion = '1.3.0-rc.1'
    $Stream = 'beta'
    $Variable = 'ITERATE'
    $Homepage = 'https://github.com/acme/iterate'
    $Next = 'iterate'
    $ReceiptFile = 'install-receipt.json'
    $Receipt = '{"schema": 1, "name": "iterate", "method": "self", "channel": "beta", "stream": "beta", "version": "1.3.0-rc.1", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"}, "npm": {"latest": "iterate", "dev": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}'
    $RootFile = 'update-root.json'
    $Root = ''
    $Sites = @('http://127.0.0.1:8642/site/')
    $Builds = @(
        @{ Target = 'windows-x64-baseline'; File = 'iterate-1.3.0-rc.1-windows-baseline-x64.zip'; Size = 43; Sha256 = '5fafd6350508fbd9d560487236c6d0d9c87baa1de362078f2bbea95c2cc8578d' }
        @{ Target = 'windows-arm64'; File = 'iterate-1.3.0-rc.1-windows-arm64.zip'; Size = 36; Sha256 = '10eacfbad492d433ddc9a74ab0f3b9fa94a51594e722afa51a3542e635e92e3f' }
    )

    # The addresses of a file of a version: the first one, then the mirrors.
    function Get-Addresses([string]$version, [string]$file) {
        $tag = 'v' + $version
        '' + 'http://127.0.0.1:8642/site/' + $tag + '/' + $file
    }

    # --- saying -------------------------------------------------------------------------------------------

    function Show-Row([string]$label, [string]$text) { Write-Host ('  {0,-9} {1}' -f $label, $text) }

    # Ends the installation: the code is that of install.sh.
    function Stop-Installation([int]$code, [string]$message, [string]$hint) {
        $failure = New-Object System.InvalidOperationException($message)
        $failure.Data['Code'] = $code
        $failure.Data['Hint'] = $hint
        throw $failure
    }

    function Show-Help {
        Write-Host "$Title"
        Write-Host ''
        Write-Host "    irm $($Sites[0])$Stream/install.ps1 | iex"
        Write-Host "    & ([scriptblock]::Create((irm $($Sites[0])$Stream/install.ps1))) -Channel dev"
        Write-Host '    powershell -ExecutionPolicy Bypass -File install.ps1 [OPTIONS]'
        Write-Host ''
        Write-Host '  -Channel CHANNEL   follow another channel: latest, dev, snapshot-BRANCH'
        Write-Host '  -Version VERSION   install this version, and stay at it'
        Write-Host "  -InstallDir DIR    else `$env:$($Variable)_INSTALL_DIR, or %LOCALAPPDATA%\Programs\$Name"
        Write-Host '  -NoModifyPath      leave PATH alone'
        Write-Host '  -Uninstall         remove all versions, and their folder from PATH'
        Write-Host '  -DryRun            say what would be done, and do nothing'
        Write-Host '  -Help              this text'
    }

    # --- this machine -------------------------------------------------------------------------------------

    # The processor of the machine, also where this PowerShell is translated for it.
    function Get-Processor {
        $key = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
        $found = (Get-ItemProperty -Path $key -Name 'PROCESSOR_ARCHITECTURE').PROCESSOR_ARCHITECTURE
        if ($found -eq 'ARM64') { return 'arm64' }
        if ($found -eq 'AMD64') { return 'x64' }
        Stop-Installation 60 "there is no build for the processor $found" "see $Homepage"
    }

    # The builds that may run here, the best one first. Windows on arm64 runs programs for x64 too.
    function Get-Fitting([string]$processor) {
        $wanted = @('windows-x64-baseline')
        if ($processor -eq 'arm64') { $wanted = @('windows-arm64', 'windows-x64-baseline') }
        foreach ($target in $wanted) {
            foreach ($build in $Builds) { if ($build.Target -eq $target) { $build } }
        }
    }

    # --- downloads ----------------------------------------------------------------------------------------

    # Read an address into a file, at most so many bytes. Gives what went wrong, or nothing.
    function Read-Address([string]$address, [string]$into, [long]$most, [int]$patience) {
        $response = $null
        $target = $null
        try {
            $request = [System.Net.HttpWebRequest]::Create($address)
            $request.MaximumAutomaticRedirections = 5
            $request.Timeout = 1000 * $patience
            $request.ReadWriteTimeout = 1000 * $patience
            $request.UserAgent = "$Name-installer"
            $response = $request.GetResponse()
            # What begins encrypted stays so.
            if ($address.StartsWith('https:') -and $response.ResponseUri.Scheme -ne 'https') {
                return 'it leads to an address without encryption'
            }
            $source = $response.GetResponseStream()
            $target = [System.IO.File]::Create($into)
            $buffer = New-Object byte[] 65536
            $got = [long]0
            $had = [long]0
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            while (($count = $source.Read($buffer, 0, $buffer.Length)) -gt 0) {
                $target.Write($buffer, 0, $count)
                $got += $count
                if ($got -gt $most) { return "it sends more than $most bytes" }
                if ($watch.Elapsed.TotalSeconds -ge $patience) {
                    # Slower than 2 kB a second is no progress.
                    if ($got - $had -lt 2000 * $patience) { return "only $got bytes came in time" }
                    $had = $got
                    $watch.Restart()
                }
            }
            return ''
        } catch [System.Net.WebException], [System.IO.IOException] {
            return $_.Exception.Message
        } finally {
            if ($null -ne $target) { $target.Dispose() }
            if ($null -ne $response) { $response.Dispose() }
        }
    }

    # Read one of several addresses into a file and hold it against its digest; without a digest anything shorter will
    # do. Gives the address that it came from.
    function Get-Verified([string[]]$addresses, [string]$into, [long]$size, [string]$sha256, [string]$what) {
        $problems = ''
        $code = 55
        $refused = @()
        foreach ($try in 1..$Tries) {
            if ($try -gt 1) { Start-Sleep -Seconds ($try - 1) }
            foreach ($address in $addresses) {
                if ($refused -contains $address) { continue }
                $problem = Read-Address $address $into $size $Patience
                if (-not $problem -and $sha256) {
                    $length = (Get-Item -LiteralPath $into).Length
                    if ($length -ne $size) {
                        $problem = "$length bytes came, and $size were released"
                    } elseif ((Get-FileHash -LiteralPath $into -Algorithm SHA256).Hash -ne $sha256) {
                        $problem = 'the SHA-256 of what came is not that of what was released'
                        $code = 56
                        $refused += $address
                    }
                }
                if (-not $problem) { return $address }
                # "Later" is what these two say, and nothing else that begins with a 4.
                if ($problem -match '\(4\d\d\)' -and $problem -notmatch '\((408|429)\)') { $refused += $address }
                $problems += "`n  ${address}: $problem"
            }
        }
        if (-not $sha256 -and $problem -match '\(404\)') { Stop-Installation 58 "there is no ${what}:$problems" "see $Homepage" }
        Stop-Installation $code "$what was not installed:$problems" "look at the network, then run this again; see $Homepage"
    }

    # --- another version or channel: its own installer ----------------------------------------------------

    function Invoke-Other([string]$what, [string[]]$addresses, [string]$line, [hashtable]$options) {
        $file = [System.IO.Path]::GetTempFileName()
        try {
            $from = Get-Verified $addresses $file 1000000 '' $what
            $text = [System.IO.File]::ReadAllText($file)
        } finally {
            Remove-Item -LiteralPath $file -Force
        }
        $lines = $text -split "`r?`n" | ForEach-Object { $_.Trim() }
        # Whole, of this product, and of what was asked for; anything else is a page that says something to people.
        $whole = ($lines -contains "`$Name = '$Name'") -and ($lines -contains $line) -and ($lines -contains '} # the end')
        if (-not $whole) { Stop-Installation 56 "$from is not the installer of $what" "see $Homepage" }
        Show-Row 'installer' $from
        & ([scriptblock]::Create($text)) @options
    }

    # --- the folder ---------------------------------------------------------------------------------------

    # The folder of versions, which has the product's name.
    function Get-Folder {
        $given = $InstallDir
        if (-not $given) { $given = [Environment]::GetEnvironmentVariable("$($Variable)_INSTALL_DIR") }
        if (-not $given) { $given = Join-Path $env:LOCALAPPDATA 'Programs' }
        $given = [System.IO.Path]::GetFullPath($given)
        if ((Split-Path -Leaf $given) -eq $Name) { return $given }
        return Join-Path $given $Name
    }

    # One installer or upgrade at a time. Gives the open lock.
    function Open-Lock([string]$folder) {
        $path = Join-Path $folder 'lock'
        # The lock is the first that our folders have, so it is looked for when something was seen: another
        # installation may be making the folder just now.
        if (Test-Path -LiteralPath $folder) {
            $seen = @(Get-ChildItem -LiteralPath $folder -Force -ErrorAction SilentlyContinue).Count
            if ($seen -gt 0 -and -not (Test-Path -LiteralPath $path)) {
                Stop-Installation 53 "$folder is there already, and holds something else" 'give another -InstallDir'
            }
        }
        try {
            [void](New-Item -ItemType Directory -Path $folder -Force)
        } catch {
            Stop-Installation 52 "$folder may not be written by this user" 'give another -InstallDir'
        }
        try {
            return [System.IO.File]::Open($path, 'OpenOrCreate', 'ReadWrite', 'None')
        } catch [System.UnauthorizedAccessException] {
            Stop-Installation 52 "$folder may not be written by this user" 'give another -InstallDir'
        } catch [System.IO.IOException] {
            Stop-Installation 54 "another installation or upgrade of $Name is at work in $folder" 'wait until it has ended'
        }
    }

    # The folder of the version that the junction leads to; nothing where there is none.
    function Get-Current([string]$folder) {
        $link = Get-Item -LiteralPath (Join-Path $folder 'current') -Force -ErrorAction SilentlyContinue
        if ($null -eq $link) { return '' }
        $leads = [string](@($link.Target)[0])
        if (-not $leads) { return '' }
        return Split-Path -Leaf $leads
    }

    # Make a junction lead elsewhere. Windows cannot replace one in one step: for a moment there is none.
    function Set-Junction([string]$path, [string]$leads) {
        $made = "$path.new"
        if (Test-Path -LiteralPath $made) { [System.IO.Directory]::Delete($made) }
        [void](New-Item -ItemType Junction -Path $made -Target $leads)
        if (Test-Path -LiteralPath $path) { [System.IO.Directory]::Delete($path) }
        [System.IO.Directory]::Move($made, $path)
    }

    function Write-Text([string]$path, [string]$text) {
        [System.IO.File]::WriteAllText($path, $text + "`n", (New-Object System.Text.UTF8Encoding($false)))
    }

    # Whether the program in a folder says that it is this version: every program answers so for the build that it is,
    # whatever its own --version prints.
    function Test-Program([string]$folder) {
        $program = Join-Path $folder "$Name\$Name\$Executable.exe"
        if (-not (Test-Path -LiteralPath $program)) { return $false }
        $before = $env:_RELEASE_STAMP
        try {
            $env:_RELEASE_STAMP = '1'
            $said = [string](& $program)
            return ($LASTEXITCODE -eq 0) -and ((ConvertFrom-Json $said).version -eq $ThisVersion)
        } catch {
            return $false
        } finally {
            $env:_RELEASE_STAMP = $before
        }
    }

    # --- PATH ---------------------------------------------------------------------------------------------

    # Put a folder on this user's PATH, or take it off; other entries stay as they are written.
    function Set-UserPath([string]$folder, [bool]$wanted) {
        $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment', $true)
        try {
            $path = [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
            $entries = @($path -split ';' | Where-Object { $_ })
            if (($entries -contains $folder) -eq $wanted) { return }
            $others = @($entries | Where-Object { $_ -ne $folder })
            $joined = $(if ($wanted) { @($folder) + $others } else { $others }) -join ';'
            $key.SetValue('Path', $joined, 'ExpandString')
        } finally {
            $key.Dispose()
        }
        # Programs that listen, such as the desktop, read PATH again when a variable is set in this way.
        [Environment]::SetEnvironmentVariable("$($Variable)_INSTALLER", '1', 'User')
        [Environment]::SetEnvironmentVariable("$($Variable)_INSTALLER", $null, 'User')
    }

    function Set-Reachable([string]$folder) {
        if (-not $NoModifyPath) {
            Set-UserPath $folder $true
            if ($env:GITHUB_PATH) { Add-Content -LiteralPath $env:GITHUB_PATH -Value $folder -Encoding UTF8 }
            if (@($env:Path -split ';') -notcontains $folder) { $env:Path = "$folder;$env:Path" }
            Show-Row 'PATH' "new windows have $folder on it"
        } elseif (@($env:Path -split ';') -notcontains $folder) {
            Show-Row 'PATH' "$folder is not on it"
        }
        foreach ($command in $Commands) {
            $first = @(Get-Command $command -CommandType Application -ErrorAction SilentlyContinue)
            if ($first.Count -gt 0 -and $first[0].Source -ne (Join-Path $folder "$command.exe")) {
                Show-Row 'attention' "another $command comes first on PATH: $($first[0].Source)"
            }
        }
        Show-Row 'try it' $Next
    }

    # --- the whole ----------------------------------------------------------------------------------------

    # Download, check, unpack and try the first build that starts here. Gives the folder.
    function Get-Build([string]$folder, $fitting) {
        foreach ($build in $fitting) {
            $new = Join-Path $folder ".new-$PID"
            if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new -Recurse -Force }
            [void](New-Item -ItemType Directory -Path $new)
            $archive = Join-Path $new 'archive.zip'
            $from = Get-Verified (Get-Addresses $ThisVersion $build.File) $archive $build.Size $build.Sha256 $build.File
            $tree = Join-Path $new 'tree'
            Expand-Archive -LiteralPath $archive -DestinationPath $tree
            if (Test-Program $tree) {
                Show-Row 'build' $build.Target
                Show-Row 'from' $from
                Show-Row 'checked' 'SHA-256, and it starts'
                return $tree
            }
        }
        Stop-Installation 59 'the new program does not start here' "nothing was changed; see $Homepage"
    }

    # The commands, for people.
    function Get-Shown([string]$folder) {
        $others = @($Commands | Select-Object -Skip 1 | ForEach-Object { ", $_" })
        return (Join-Path $folder "current\$Name\$Name\$($Commands[0]).exe") + ($others -join '')
    }

    function Install-Version([string]$folder, $fitting) {
        Get-ChildItem -LiteralPath $folder -Force -Directory | Where-Object { $_.Name -like '.new-*' -or $_.Name -like '.old-*' } |
            ForEach-Object { Remove-Item -LiteralPath $_.FullName -Recurse -Force -ErrorAction SilentlyContinue }
        $there = Join-Path $folder $ThisVersion
        $current = Get-Current $folder
        $inner = Join-Path $there "$Name\$Name"
        $done = 'already there'
        if (-not (Test-Program $there)) {
            $tree = Get-Build $folder $fitting
            # A folder whose program runs can be moved away, and is removed by a later installation.
            if (Test-Path -LiteralPath $there) { [System.IO.Directory]::Move($there, (Join-Path $folder ".old-$PID")) }
            [System.IO.Directory]::Move($tree, $there)
            $done = 'installed'
        }
        Write-Text (Join-Path $inner $ReceiptFile) $Receipt
        if ($Root) { Write-Text (Join-Path $inner $RootFile) $Root }
        if ($current -and $current -ne $ThisVersion) {
            Set-Junction (Join-Path $folder 'previous') (Join-Path $folder $current)
        }
        Set-Junction (Join-Path $folder 'current') $there
        Show-Row 'command' "$(Get-Shown $folder), $done"
        if ($current -and $current -ne $ThisVersion) { Show-Row 'kept' "$current, beside it" }
        Remove-Item -LiteralPath (Join-Path $folder ".new-$PID") -Recurse -Force -ErrorAction SilentlyContinue
    }

    # Take away what installations have put there, and nothing else.
    function Remove-Installation([string]$folder) {
        $inner = Join-Path $folder "current\$Name\$Name"
        if (-not (Test-Path -LiteralPath (Join-Path $folder 'lock'))) {
            Stop-Installation 53 "no installation of $Name is in $folder" 'give its -InstallDir'
        }
        Show-Row 'removed' $folder
        if (-not $NoModifyPath) { Show-Row 'removed' "$inner from PATH" }
        if ($DryRun) {
            Write-Host ''
            Write-Host 'Nothing was changed (-DryRun).'
            return
        }
        $lock = Open-Lock $folder
        try { & (Join-Path $inner "$Executable.exe") 'server' 'stop' | Out-Null } catch { }
        # Junctions first: what they lead to is removed as what it is, and not through them.
        foreach ($link in 'current', 'previous', 'current.new', 'previous.new') {
            $path = Join-Path $folder $link
            if (Test-Path -LiteralPath $path) { [System.IO.Directory]::Delete($path) }
        }
        $lock.Dispose()
        try {
            Remove-Item -LiteralPath $folder -Recurse -Force
        } catch {
            Stop-Installation 52 "$folder may not be removed: $($_.Exception.Message)" 'end what runs from it, then run this again'
        }
        if (-not $NoModifyPath) { Set-UserPath $inner $false }
    }

    function Start-Installation {
        if ($Help) { Show-Help; return }
        if ($Rest) { Stop-Installation 2 "there is no option '$($Rest[0])'" '-Help lists the options' }
        if ($Channel -and $Channel -notmatch '^[A-Za-z0-9.-]+$') { Stop-Installation 2 "'$Channel' is no channel" '-Help lists the options' }
        if ($Uninstall) { Remove-Installation (Get-Folder); return }
        $wanted = $Version -replace '^v', ''
        if ($wanted -and $wanted -notmatch '^[A-Za-z0-9.+-]+$') { Stop-Installation 2 "'$Version' is no version" '-Help lists the options' }
        [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.ServicePointManager]::SecurityProtocol -bor [System.Net.SecurityProtocolType]::Tls12
        $options = @{ Channel = $Channel; Version = $Version; InstallDir = $InstallDir; NoModifyPath = $NoModifyPath; DryRun = $DryRun }
        if ($wanted -and $wanted -ne $ThisVersion) {
            Invoke-Other "version $wanted" (Get-Addresses $wanted 'install.ps1') "`$ThisVersion = '$wanted'" $options
            return
        }
        if ($Channel -and $Channel -ne $Stream) {
            if ($wanted) { Stop-Installation 58 "$ThisVersion is of the channel $Stream, not of $Channel" 'leave out -Channel' }
            Invoke-Other "channel $Channel" @($Sites | ForEach-Object { "$_$Channel/install.ps1" }) "`$Stream = '$Channel'" $options
            return
        }
        # A version that was asked for by name stays until another one is.
        if ($wanted) { $Receipt = $Receipt.Substring(0, $Receipt.Length - 1) + ', "pinned": true}' }
        $processor = Get-Processor
        $fitting = @(Get-Fitting $processor)
        if ($fitting.Count -eq 0) { Stop-Installation 60 "no build of $Name $ThisVersion fits this machine (Windows on $processor)" "see $Homepage" }
        $folder = Get-Folder
        Write-Host "$Name $ThisVersion ($Stream)"
        Write-Host ''
        Show-Row 'system' "Windows on $processor"
        if ($DryRun) {
            Show-Row 'build' $fitting[0].Target
            Show-Row 'from' @(Get-Addresses $ThisVersion $fitting[0].File)[0]
            Show-Row 'command' (Get-Shown $folder)
            Write-Host ''
            Write-Host 'Nothing was changed (-DryRun).'
            return
        }
        $lock = Open-Lock $folder
        try {
            Install-Version $folder $fitting
            Set-Reachable (Join-Path $folder "current\$Name\$Name")
        } finally {
            $lock.Dispose()
        }
    }

    $Patience = 20
    $Tries = 3
    try {
        Start-Installation
    } catch [System.InvalidOperationException] {
        if (-not $_.Exception.Data.Contains('Code')) { throw }
        # `exit` would close the window of whoever typed `irm | iex`: only a file has a code to end with.
        if (-not $PSCommandPath) { throw }
        [Console]::Error.WriteLine("error: $($_.Exception.Message)")
        [Console]::Error.WriteLine("hint: $($_.Exception.Data['Hint'])")
        exit $_.Exception.Data['Code']
    }
} # the end
